package org.calypsohsm.keystore.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.keystore.admin.Admin.ADA;
import static org.calypsohsm.keystore.admin.Admin.SUE;
import static org.calypsohsm.keystore.admin.Admin.refused;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

import org.calypsohsm.channel.BatchResult;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelClosedException;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelReport;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.channel.UnknownKeyGroupException;
import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.sam.Sams;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ceilings are raised by the virtual SAMs of the platform. */
class CeilingRaiseTest {

    private static final int TARGET = 0;
    private static final int CONTROL = 1;

    @TempDir
    Path folder;

    private Admin admin;
    private final Sams sams = new Sams();
    private SamForm targetForm = SamForm.HSM_C1;
    private SamForm controlForm = SamForm.S1E1;
    private final List<SamChannel> opened = new ArrayList<>();

    /** A channel without a channel manager behind it. */
    private static final class SamChannel implements Channel {

        private final ModuleChannel sam;
        private final int group;
        private boolean open = true;

        SamChannel(ModuleChannel sam, int group) {
            this.sam = sam;
            this.group = group;
        }

        @Override
        public long id() {
            return 1;
        }

        @Override
        public int keyGroup() {
            return group;
        }

        @Override
        public String module() {
            return "test";
        }

        @Override
        public byte[] atr() {
            return sam.atr();
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public byte[] exchange(byte[] command) throws ChannelException {
            if (!open) {
                throw new ChannelClosedException("test", 1, "it is closed.");
            }
            try {
                return sam.exchange(command);
            } catch (ModuleException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public CompletionStage<byte[]> exchangeAsync(byte[] command) {
            throw new UnsupportedOperationException();
        }

        @Override
        public BatchResult exchangeAll(List<byte[]> commands) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            open = false;
        }
    }

    private final class Manager implements ChannelManager {

        @Override
        public Channel open(ChannelRequest request) throws ChannelException {
            KeyGroup group = admin.store.keyGroup(request.keyGroup());
            if (group == null || request.keyGroup() > CONTROL) {
                throw new UnknownKeyGroupException(null, 0, "no module has key group " + request.keyGroup() + ".");
            }
            SamForm form = request.keyGroup() == TARGET ? targetForm : controlForm;
            SamChannel channel = new SamChannel(sams.create(form, 0xC0FFEE00 + request.keyGroup(), group), request.keyGroup());
            opened.add(channel);
            return channel;
        }

        @Override
        public CompletionStage<Channel> openAsync(ChannelRequest request) {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<ModuleReport> modules() {
            return List.of();
        }

        @Override
        public CompletionStage<DrainReport> drain(String module, Duration deadline) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void undrain(String module) {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<ChannelReport> channels() {
            return List.of();
        }

        @Override
        public ModuleReport selfTest(String module) {
            throw new UnsupportedOperationException();
        }
    }

    @BeforeEach
    void open() throws KeyAdministrationException {
        admin = new Admin(folder, TARGET, CONTROL);
        // The target opens what its own reloading key seals, so both have the same: handed on as in the field.
        admin.administration.delete(ADA, TARGET, 0xC3);
        admin.administration.importKeys(ADA, TARGET, admin.administration.exportKeys(ADA, CONTROL, List.of(0xC3),
                admin.administration.certificate()), admin.administration.certificate());
        admin.group(TARGET).writeCeilings(Admin.COUNTER, new int[] {1000}, null);
        admin.administration.ceilings().come(new Manager());
    }

    @AfterEach
    void close() {
        assertThat(opened).allMatch(channel -> !channel.open);
        admin.close();
    }

    private void raise(int ceiling) throws KeyAdministrationException {
        admin.administration.raiseCeiling(SUE, TARGET, Admin.COUNTER, ceiling, CONTROL);
    }

    @ParameterizedTest
    @CsvSource({"HSM_C1, S1E1", "S1D, HSM_C1", "S1E1, S1D"})
    void theControlSamSealsAndTheTargetWrites(SamForm target, SamForm control) throws KeyAdministrationException {
        targetForm = target;
        controlForm = control;
        raise(0x012345);
        assertThat(admin.group(TARGET).ceiling(Admin.COUNTER)).isEqualTo(0x012345);
        assertThat(admin.group(TARGET).ceiling(Admin.COUNTER + 1)).isEqualTo(KeyGroup.HIGHEST_CEILING);
        admin.administration.ceilings().go(new Manager());
        raise(KeyGroup.HIGHEST_CEILING);
        assertThat(opened).hasSize(4);
        admin.close();
        admin = new Admin(folder);
        assertThat(admin.group(TARGET).ceiling(Admin.COUNTER)).isEqualTo(KeyGroup.HIGHEST_CEILING);
    }

    @Test
    void aRaiseThatTheAuditLogDoesNotTakeIsNotDone() {
        admin.auditBroken = true;
        refused(Reason.NOT_RECORDED, () -> raise(2000));
        assertThat(opened).isEmpty();
        assertThat(admin.group(TARGET).ceiling(Admin.COUNTER)).isEqualTo(1000);
    }

    @Test
    void whatIsNoRaiseIsRefused() {
        refused(Reason.NOT_PERMITTED, () -> admin.administration.raiseCeiling(ADA, TARGET, Admin.COUNTER, 2000, CONTROL));
        refused(Reason.NOT_FOUND, () -> admin.administration.raiseCeiling(SUE, 9, Admin.COUNTER, 2000, CONTROL));
        refused(Reason.NOT_FOUND, () -> admin.administration.raiseCeiling(SUE, TARGET, Admin.COUNTER, 2000, 9));
        refused(Reason.BAD_INPUT, () -> raise(1000));
        refused(Reason.BAD_INPUT, () -> raise(999));
        refused(Reason.BAD_INPUT, () -> raise(KeyGroup.HIGHEST_CEILING + 1));
        for (int counter : new int[] {-1, KeyGroup.COUNTERS}) {
            refused(Reason.BAD_INPUT, () -> admin.administration.raiseCeiling(SUE, TARGET, counter, 2000, CONTROL));
        }
        assertThat(opened).isEmpty();
        assertThat(admin.group(TARGET).ceiling(Admin.COUNTER)).isEqualTo(1000);
    }

    @Test
    void anAnswerOfTheSamIsSaidInWords() throws KeyAdministrationException {
        admin.administration.delete(ADA, TARGET, 0xC3);
        assertThat(refused(Reason.FAILED, () -> raise(2000))).hasMessageContaining("Write Ceilings")
                .hasMessageContaining("6A83 key or record not found").hasMessageContaining("key group 0");
        admin.administration.generate(ADA, TARGET, Admin.system(0xE7, 9));
        assertThat(refused(Reason.FAILED, () -> raise(2000))).hasMessageContaining("Write Ceilings");
        admin.administration.invalidate(ADA, CONTROL, 0xC3);
        assertThat(refused(Reason.FAILED, () -> raise(2000))).hasMessageContaining("SAM Data Cipher").hasMessageContaining("key group 1");
        assertThat(admin.group(TARGET).ceiling(Admin.COUNTER)).isEqualTo(1000);
        assertThat(opened).hasSize(6);
    }

    @Test
    void withoutAManagerOrAModuleNothingIsRaised() throws KeyAdministrationException {
        admin.administration.createGroup(ADA, 9, 0, 10);
        admin.administration.generate(ADA, 9, Admin.system(0xE7, 1));
        refused(Reason.FAILED, () -> admin.administration.raiseCeiling(SUE, TARGET, Admin.COUNTER, 2000, 9));
        assertThat(opened).as("that of the target is closed").hasSize(1);
        Manager last = new Manager();
        admin.administration.ceilings().come(last);
        admin.administration.ceilings().go(last);
        assertThat(refused(Reason.FAILED, () -> raise(2000))).hasMessageContaining("channel manager");
    }
}
