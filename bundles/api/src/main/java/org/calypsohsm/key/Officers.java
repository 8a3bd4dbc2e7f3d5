package org.calypsohsm.key;

import java.util.List;

import org.osgi.annotation.versioning.ProviderType;

/**
 * The service that knows the officers of a key store by password. They are sealed with the keys, so there are none to
 * know while the store is locked. Safe for many threads.
 *
 * @since 1.1
 */
@ProviderType
public interface Officers {

    /** Least length of a password, in characters. */
    int LEAST_PASSWORD = 8;
    /** After so many wrong passwords in a row an officer is refused until an administrator gives a new password. */
    int MOST_ATTEMPTS = 5;

    /**
     * Lists the officers.
     *
     * @return all of them, in the order of their names
     * @throws KeyAdministrationException NOT_OPEN
     */
    List<Officer> list() throws KeyAdministrationException;

    /**
     * Checks a password.
     *
     * @param name     who it is
     * @param password the password; the caller overwrites it
     * @return the officer
     * @throws KeyAdministrationException NOT_PERMITTED if there is no such officer, the password is wrong, or was wrong too
     *                                    often; NOT_OPEN
     */
    Officer authenticate(String name, char[] password) throws KeyAdministrationException;

    /**
     * Adds an officer, or gives one new roles and a new password.
     *
     * @param by       an administrator; null while there is no officer at all: the first one must be an administrator
     * @param officer  name and roles
     * @param password the password; the caller overwrites it
     * @throws KeyAdministrationException NOT_PERMITTED, BAD_INPUT, NOT_RECORDED or NOT_OPEN
     */
    void put(Officer by, Officer officer, char[] password) throws KeyAdministrationException;

    /**
     * Removes an officer. The last administrator stays.
     *
     * @param by   an administrator
     * @param name who is removed
     * @throws KeyAdministrationException NOT_PERMITTED, NOT_FOUND, NOT_RECORDED or NOT_OPEN
     */
    void remove(Officer by, String name) throws KeyAdministrationException;
}
