package org.calypsohsm.key;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;

import org.osgi.annotation.versioning.ProviderType;

/**
 * The service that administers the keys of one key store; service property {@link KeyStore#NAME}.
 *
 * <p>Each act is done by an officer who has the role for it, is recorded in the audit log before it takes place, and is
 * durable when the method returns. Each throws {@link KeyAdministrationException} with NOT_OPEN while the store is locked,
 * NOT_PERMITTED if the officer lacks the role, and NOT_RECORDED if the audit log does not take it; nothing was done then.
 * No method shows a byte of a key. Safe for many threads.
 *
 * @since 1.1
 */
@ProviderType
public interface KeyAdministration {

    /** Least number of components of an imported key: nobody knows it alone. */
    int LEAST_COMPONENTS = 2;
    /** Greatest number of components of an imported key. */
    int MOST_COMPONENTS = 8;
    /** How long the components given so far wait for the next one, in minutes. */
    int IMPORT_MINUTES = 15;

    // ---- key groups: an ADMINISTRATOR

    /**
     * Makes a key group without keys.
     *
     * @param by           an administrator
     * @param number       its number, 0 or more
     * @param channelQuota how many channels may be open for it at once; 0 for no limit of its own
     * @param ceiling      ceiling of all its event counters, 0..FFFFFA; room above it is what a supervisor can grant later
     * @return the group
     * @throws KeyAdministrationException ALREADY_THERE or BAD_INPUT
     */
    KeyGroup createGroup(Officer by, int number, int channelQuota, int ceiling) throws KeyAdministrationException;

    /**
     * Limits how many channels may be open for a group at once. Open channels stay.
     *
     * @param by           an administrator
     * @param group        number of the group
     * @param channelQuota the limit; 0 for none
     * @throws KeyAdministrationException NOT_FOUND or BAD_INPUT
     */
    void limitChannels(Officer by, int group, int channelQuota) throws KeyAdministrationException;

    /**
     * Deletes a group with its keys, counters and ceilings.
     *
     * @param by    an administrator
     * @param group number of the group
     * @throws KeyAdministrationException NOT_FOUND, or IN_USE while channels are open for it
     */
    void deleteGroup(Officer by, int group) throws KeyAdministrationException;

    // ---- keys

    /**
     * Makes a key with a random value.
     *
     * @param by    an administrator
     * @param group number of the group
     * @param key   what it will be
     * @return the key, in the record it got
     * @throws KeyAdministrationException NOT_FOUND, ALREADY_THERE if the group has this KIF and KVC, or BAD_INPUT if all
     *                                    records are used
     */
    SamKey generate(Officer by, int group, KeyTemplate key) throws KeyAdministrationException;

    /**
     * Takes one component of a key under dual control: each comes from another custodian, and the value of the key is the
     * exclusive or of all. The first component begins the import, the last one makes the key.
     *
     * @param by         a custodian who has given none for this key yet
     * @param group      number of the group
     * @param key        what it will be; the same for all components
     * @param components of how many components, {@value #LEAST_COMPONENTS} to {@value #MOST_COMPONENTS}
     * @param component  16 bytes; overwritten with zeros
     * @return how far the import is
     * @throws KeyAdministrationException NOT_FOUND, ALREADY_THERE, or BAD_INPUT
     */
    KeyImport importComponent(Officer by, int group, KeyTemplate key, int components, byte[] component)
            throws KeyAdministrationException;

    /**
     * Gives up an import that is not complete.
     *
     * @param by    an administrator or a custodian
     * @param group number of the group
     * @param key   the key that was to be made
     * @throws KeyAdministrationException NOT_FOUND if there is no such import
     */
    void cancelImport(Officer by, int group, KeyTemplate key) throws KeyAdministrationException;

    /**
     * Invalidates a key: it can be listed, but no command may use it any more.
     *
     * @param by        an administrator
     * @param group     number of the group
     * @param reference record reference: 01..7E for a work key, C1..C4 for a system key
     * @throws KeyAdministrationException NOT_FOUND
     */
    void invalidate(Officer by, int group, int reference) throws KeyAdministrationException;

    /**
     * Deletes a key. Its event counter stays as it is.
     *
     * @param by        an administrator
     * @param group     number of the group
     * @param reference record reference: 01..7E for a work key, C1..C4 for a system key
     * @throws KeyAdministrationException NOT_FOUND
     */
    void delete(Officer by, int group, int reference) throws KeyAdministrationException;

    /**
     * Raises a ceiling by the protected commands of the SAM-S1: the control group seals it, the group opens it
     * (sam-s1-apdu.md sections 5.20, 5.23 and 6.3).
     *
     * @param by           a supervisor
     * @param group        number of the group
     * @param counter      number of the event counter, 0..26
     * @param ceiling      the new ceiling, above the present one, at most FFFFFA
     * @param controlGroup number of the group with the reloading key that seals: as a rule another one
     * @throws KeyAdministrationException NOT_FOUND; BAD_INPUT; FAILED if a module is missing or a command was refused
     */
    void raiseCeiling(Officer by, int group, int counter, int ceiling, int controlGroup) throws KeyAdministrationException;

    // ---- transfer between key stores: CMS (RFC 5652, RFC 5083), an ADMINISTRATOR on both sides

    /**
     * Gives the certificate that others seal keys for. A person compares its fingerprint before it is used.
     *
     * @return the certificate of this store
     * @throws KeyAdministrationException NOT_OPEN
     */
    X509Certificate certificate() throws KeyAdministrationException;

    /**
     * Seals keys for another store, and signs them. They stay here.
     *
     * @param by         an administrator
     * @param group      number of the group
     * @param references record references of the keys
     * @param target     certificate of the other store
     * @return a CMS message (DER)
     * @throws KeyAdministrationException NOT_FOUND, or BAD_INPUT if the certificate cannot be used
     */
    byte[] exportKeys(Officer by, int group, Collection<Integer> references, X509Certificate target)
            throws KeyAdministrationException;

    /**
     * Takes keys that another store sealed for this one. A message counts once.
     *
     * @param by       an administrator
     * @param group    number of the group that gets them
     * @param transfer the CMS message (DER)
     * @param source   certificate of the other store
     * @return the keys, in the records they got
     * @throws KeyAdministrationException NOT_FOUND; ALREADY_THERE; BAD_INPUT if the message is of another store, for
     *                                    another store, was changed, or was taken before
     */
    List<SamKey> importKeys(Officer by, int group, byte[] transfer, X509Certificate source) throws KeyAdministrationException;

    // ---- backup

    /**
     * Writes a backup: key groups, keys, counters, ceilings and officers, sealed as in the store.
     *
     * @param by   an administrator or an operator
     * @param file where to; must not exist
     * @return how many groups it holds
     * @throws KeyAdministrationException BAD_INPUT if the file exists or cannot be written
     */
    int backup(Officer by, Path file) throws KeyAdministrationException;

    /**
     * Brings back what is missing. A restored backup never gives uses back: a counter that is there stays where it is
     * unless the backup is ahead, and the counters of a group that was gone are at their ceilings.
     *
     * @param by   an administrator
     * @param file a backup of this store, or of one with the same startup cards
     * @return what came back
     * @throws KeyAdministrationException BAD_INPUT if it is no backup, or of a store with another storage key
     */
    RestoreReport restore(Officer by, Path file) throws KeyAdministrationException;
}
