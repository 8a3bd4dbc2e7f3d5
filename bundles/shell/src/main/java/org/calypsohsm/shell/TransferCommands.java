package org.calypsohsm.shell;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;

import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.apache.felix.service.command.annotations.GogoCommand;
import org.calypsohsm.key.KeyAdministration;
import org.calypsohsm.key.RestoreReport;
import org.calypsohsm.key.SamKey;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The commands that move keys between key stores, and to and from a backup. */
@Component(service = TransferCommands.class)
@GogoCommand(scope = "hsm", function = {"certificate", "exportkeys", "importkeys", "backup", "restore"})
public final class TransferCommands {

    private static final int PEM_LINE = 64;

    private final Stores stores;
    private final Logins logins;

    /**
     * Makes the commands.
     *
     * @param context context of the bundle
     * @param logins  who is logged in
     */
    @Activate
    public TransferCommands(BundleContext context, @Reference Logins logins) {
        stores = new Stores(context);
        this.logins = logins;
    }

    /** What a command does with a file. */
    @FunctionalInterface
    private interface OnFile<R> {
        R with(Path path) throws IOException;
    }

    private static <R> R file(String name, OnFile<R> use) throws CommandException {
        try {
            return use.with(Path.of(name).toAbsolutePath());
        } catch (IOException | InvalidPathException e) {
            throw new CommandException("The file " + name + " cannot be used: " + e + ".");
        }
    }

    /**
     * Shows the certificate of a key store, or writes it to a file.
     *
     * @param out       name of the file
     * @param store     name of the key store
     * @param arguments none
     * @return the text to show
     * @throws CommandException if it is used in a wrong way, or the store is locked
     */
    @Descriptor("shows the certificate for which others seal keys, with the fingerprint to compare")
    public String certificate(
            @Descriptor("FILE to write it to, which must not exist") @Parameter(names = "--out", absentValue = "") String out,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("none") String... arguments) throws CommandException {
        Arguments.none("certificate", arguments);
        X509Certificate certificate = stores.use(KeyAdministration.class, store, KeyAdministration::certificate);
        String pem = pem(certificate);
        if (!out.isEmpty()) {
            file(out, path -> Files.writeString(path, pem, StandardCharsets.US_ASCII, StandardOpenOption.CREATE_NEW));
        }
        return describe(certificate) + (out.isEmpty() ? "\n" + pem.stripTrailing() : "\nWritten to " + out + ".");
    }

    private static String pem(X509Certificate certificate) throws CommandException {
        try {
            return "-----BEGIN CERTIFICATE-----\n" + Base64.getMimeEncoder(PEM_LINE, new byte[] {'\n'})
                    .encodeToString(certificate.getEncoded()) + "\n-----END CERTIFICATE-----\n";
        } catch (CertificateException e) {
            throw new CommandException("The certificate cannot be written: " + e.getMessage());
        }
    }

    private static String describe(X509Certificate certificate) throws CommandException {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            return certificate.getSubjectX500Principal().getName() + ", SHA-256 fingerprint\n"
                    + HexFormat.ofDelimiter(":").withUpperCase().formatHex(digest);
        } catch (GeneralSecurityException e) {
            throw new CommandException("The certificate cannot be read: " + e.getMessage());
        }
    }

    private static X509Certificate read(String name) throws CommandException {
        return file(name, path -> {
            try (InputStream in = Files.newInputStream(path)) {
                return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
            } catch (CertificateException e) {
                throw new IOException("it holds no certificate", e);
            }
        });
    }

    /**
     * Seals keys for another key store.
     *
     * @param session   whose officer acts
     * @param to        file with the certificate of the other store
     * @param out       file to write to
     * @param yes       true to do it without asking
     * @param store     name of the key store
     * @param arguments the group and the records
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("seals keys for another key store, into a file that only that store can open; an administrator")
    public String exportkeys(CommandSession session,
            @Descriptor("FILE with the certificate of the other store") @Parameter(names = "--to", absentValue = "") String to,
            @Descriptor("FILE to write, which must not exist") @Parameter(names = "--out", absentValue = "") String out,
            @Descriptor("does not ask whether the fingerprint is right")
            @Parameter(names = "--yes", presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("GROUP RECORD...: number of the key group, and records in two hexadecimal digits each") String... arguments)
            throws CommandException {
        if (to.isEmpty() || out.isEmpty() || arguments.length < 2) {
            throw new CommandException("hsm:exportkeys takes a key group, its records, --to and --out. Try: help hsm:exportkeys");
        }
        int group = Arguments.number("exportkeys", "the number of a key group", arguments[0], 0);
        List<Integer> records = new ArrayList<>();
        for (String record : Arrays.asList(arguments).subList(1, arguments.length)) {
            records.add(Arguments.octet("exportkeys", "a record", record));
        }
        X509Certificate target = read(to);
        return stores.use(KeyAdministration.class, store, administration -> {
            session.getConsole().println(describe(target));
            if (!yes && !Prompt.confirmed(session, "Does the other store show this fingerprint?")) {
                return "Nothing was written.";
            }
            byte[] sealed = administration.exportKeys(logins.officer(session, store), group, records, target);
            file(out, path -> Files.write(path, sealed, StandardOpenOption.CREATE_NEW));
            return Words.count(records.size(), "key") + " sealed into " + out + ".";
        });
    }

    /**
     * Takes keys that another key store sealed.
     *
     * @param session   whose officer acts
     * @param from      file with the certificate of the other store
     * @param yes       true to do it without asking
     * @param store     name of the key store
     * @param arguments the group and the file
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("takes keys that another key store sealed for this one; an administrator")
    public String importkeys(CommandSession session,
            @Descriptor("FILE with the certificate of the other store") @Parameter(names = "--from", absentValue = "") String from,
            @Descriptor("does not ask whether the fingerprint is right")
            @Parameter(names = "--yes", presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("GROUP FILE: number of the key group that gets them, and the file") String... arguments)
            throws CommandException {
        String[] both = Arguments.exactly("importkeys", "a key group and a file", 2, arguments);
        if (from.isEmpty()) {
            throw new CommandException("hsm:importkeys takes the certificate of the other store, --from. Try: help hsm:importkeys");
        }
        int group = Arguments.number("importkeys", "the number of a key group", both[0], 0);
        X509Certificate source = read(from);
        byte[] transfer = file(both[1], Files::readAllBytes);
        return stores.use(KeyAdministration.class, store, administration -> {
            session.getConsole().println(describe(source));
            if (!yes && !Prompt.confirmed(session, "Does the other store show this fingerprint?")) {
                return "Nothing was taken.";
            }
            List<SamKey> keys = administration.importKeys(logins.officer(session, store), group, transfer, source);
            return "Taken: " + String.join("; ", keys.stream().map(SamKey::toString).toList()) + ".";
        });
    }

    /**
     * Writes a backup.
     *
     * @param session   whose officer acts
     * @param store     name of the key store
     * @param arguments the file
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("writes a backup of a key store, sealed; an administrator or an operator")
    public String backup(CommandSession session,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("FILE to write, which must not exist") String... arguments) throws CommandException {
        String name = Arguments.one("backup", "a file", arguments);
        Path path = file(name, file -> file);
        return stores.use(KeyAdministration.class, store, administration -> {
            var officer = logins.officer(session, store);
            int groups = Progress.of(session, "writing the backup", () -> administration.backup(officer, path));
            return "A backup of " + Words.count(groups, "key group") + " is in " + name + ".";
        });
    }

    /**
     * Brings back what is missing from a backup.
     *
     * @param session   whose officer acts
     * @param yes       true to do it without asking
     * @param store     name of the key store
     * @param arguments the file
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("brings back from a backup what is missing; uses of keys never come back; an administrator")
    public String restore(CommandSession session,
            @Descriptor("does not ask") @Parameter(names = "--yes", presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("FILE: the backup") String... arguments) throws CommandException {
        String name = Arguments.one("restore", "a file", arguments);
        Path path = file(name, file -> file);
        return stores.use(KeyAdministration.class, store, administration -> {
            var officer = logins.officer(session, store);
            if (!yes && !Prompt.confirmed(session, "Key groups that come back have their event counters at the ceilings. Restore "
                    + name + "?")) {
                return "Nothing was changed.";
            }
            return sentence(Progress.of(session, "restoring", () -> administration.restore(officer, path)));
        });
    }

    private static String sentence(RestoreReport report) {
        return "Restored: " + Words.count(report.groups().size(), "key group") + (report.groups().isEmpty() ? ""
                : " " + new TreeSet<>(report.groups()) + ", with event counters at their ceilings")
                + "; " + Words.count(report.keys(), "key") + " in groups that were there; " + Words.count(report.keptCounters(), "event counter")
                + " stayed above the backup.";
    }
}
