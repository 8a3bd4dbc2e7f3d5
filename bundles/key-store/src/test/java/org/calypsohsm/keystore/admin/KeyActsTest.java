package org.calypsohsm.keystore.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.keystore.admin.Admin.ADA;
import static org.calypsohsm.keystore.admin.Admin.AL;
import static org.calypsohsm.keystore.admin.Admin.refused;
import static org.calypsohsm.keystore.admin.Admin.system;
import static org.calypsohsm.keystore.admin.Admin.work;

import java.nio.file.Path;

import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Groups and keys. */
class KeyActsTest {

    @TempDir
    Path folder;

    private Admin admin;

    @BeforeEach
    void open() {
        admin = new Admin(folder);
    }

    @AfterEach
    void close() {
        admin.close();
    }

    private void reopen() {
        admin.close();
        admin = new Admin(folder);
    }

    /** The value outlives the store, which overwrites its own when it closes. */
    private static KeyValue copy(SamKey key) {
        return KeyValue.copyOf(key.value().revealKeyBytes());
    }

    @Test
    void aGroupIsMadeWithItsQuotaAndCeilings() throws KeyAdministrationException {
        KeyGroup made = admin.administration.createGroup(ADA, 7, 3, 1000);
        assertThat(made).isSameAs(admin.store.keyGroup(7));
        reopen();
        KeyGroup group = admin.store.keyGroup(7);
        assertThat(group.channelQuota()).isEqualTo(3);
        for (int counter = 0; counter < KeyGroup.COUNTERS; counter++) {
            assertThat(group.ceiling(counter)).isEqualTo(1000);
            assertThat(group.eventCounter(counter)).isZero();
        }
        admin.administration.limitChannels(ADA, 7, 5);
        reopen();
        assertThat(admin.store.keyGroup(7).channelQuota()).isEqualTo(5);
        refused(Reason.ALREADY_THERE, () -> admin.administration.createGroup(ADA, 7, 0, 0));
        refused(Reason.BAD_INPUT, () -> admin.administration.createGroup(ADA, -1, 0, 0));
        refused(Reason.BAD_INPUT, () -> admin.administration.createGroup(ADA, 8, -1, 0));
        refused(Reason.BAD_INPUT, () -> admin.administration.createGroup(ADA, 8, 0, KeyGroup.HIGHEST_CEILING + 1));
        refused(Reason.BAD_INPUT, () -> admin.administration.limitChannels(ADA, 7, -1));
        refused(Reason.NOT_FOUND, () -> admin.administration.limitChannels(ADA, 8, 1));
        refused(Reason.NOT_PERMITTED, () -> admin.administration.createGroup(AL, 8, 0, 0));
        refused(Reason.NOT_PERMITTED, () -> admin.administration.createGroup(null, 8, 0, 0));
    }

    @Test
    void aGroupInUseStays() throws KeyAdministrationException {
        admin.administration.createGroup(ADA, 7, 0, 1000);
        SamKey key = admin.administration.generate(ADA, 7, work(0x21, 1));
        KeyGroup group = admin.store.keyGroup(7);
        assertThat(group.takeChannel(false)).isTrue();
        refused(Reason.IN_USE, () -> admin.administration.deleteGroup(ADA, 7));
        group.giveChannel();
        admin.administration.deleteGroup(ADA, 7);
        assertThat(group.takeChannel(false)).as("a channel that comes too late").isFalse();
        assertThat(group.takeChannel(true)).isFalse();
        assertThat(group.channelsInUse()).isZero();
        assertThat(key.value().revealKeyBytes()).containsOnly(0);
        reopen();
        assertThat(admin.store.keyGroups()).isEmpty();
        refused(Reason.NOT_FOUND, () -> admin.administration.deleteGroup(ADA, 7));
    }

    @Test
    void keysGetTheLowestFreeRecordsAndRandomValues() throws KeyAdministrationException {
        admin.administration.createGroup(ADA, 0, 0, 1000);
        SamKey first = admin.administration.generate(ADA, 0, work(0x21, 1));
        SamKey second = admin.administration.generate(ADA, 0, work(0x21, 2));
        assertThat(first.reference()).isEqualTo(1);
        assertThat(second.reference()).isEqualTo(2);
        assertThat(first.value()).isNotEqualTo(second.value()).isNotEqualTo(KeyValue.copyOf(new byte[KeyValue.LENGTH]));
        refused(Reason.ALREADY_THERE, () -> admin.administration.generate(ADA, 0, work(0x21, 2)));
        KeyValue gone = first.value();
        admin.administration.delete(ADA, 0, 1);
        assertThat(gone.revealKeyBytes()).containsOnly(0);
        assertThat(admin.administration.generate(ADA, 0, work(0x21, 3)).reference()).isEqualTo(1);
        refused(Reason.NOT_FOUND, () -> admin.administration.generate(ADA, 1, work(0x21, 3)));
        KeyValue value = copy(second);
        reopen();
        assertThat(admin.group(0).workKey(0x21, 2).value()).isEqualTo(value);
        assertThat(admin.group(0).workKey(0x21, 1)).isNull();
        assertThat(admin.group(0).workKeyAt(1).kvc()).isEqualTo(3);
    }

    @Test
    void aFullGroupTakesNoMore() throws KeyAdministrationException {
        admin.administration.createGroup(ADA, 0, 0, 1000);
        for (int kvc = 1; kvc <= KeyGroup.LAST_WORK_KEY_RECORD; kvc++) {
            assertThat(admin.administration.generate(ADA, 0, work(0x21, kvc)).reference()).isEqualTo(kvc);
        }
        refused(Reason.BAD_INPUT, () -> admin.administration.generate(ADA, 0, work(0x22, 1)));
    }

    @Test
    void aSystemKeyTakesThePlaceOfTheOneOfItsType() throws KeyAdministrationException {
        admin.administration.createGroup(ADA, 0, 0, 1000);
        SamKey first = admin.administration.generate(ADA, 0, system(0xE7, 1));
        assertThat(first.reference()).isEqualTo(SystemKeyType.RELOADING.reference());
        refused(Reason.ALREADY_THERE, () -> admin.administration.generate(ADA, 0, system(0xE7, 1)));
        SamKey second = admin.administration.generate(ADA, 0, system(0xE7, 2));
        assertThat(first.value().revealKeyBytes()).containsOnly(0);
        KeyValue value = copy(second);
        reopen();
        assertThat(admin.group(0).systemKey(SystemKeyType.RELOADING).kvc()).isEqualTo(2);
        assertThat(admin.group(0).systemKey(SystemKeyType.RELOADING).value()).isEqualTo(value);
    }

    @Test
    void anInvalidatedKeyCanBeListedOnly() throws KeyAdministrationException {
        admin.administration.createGroup(ADA, 0, 0, 1000);
        admin.administration.generate(ADA, 0, work(0x21, 1));
        admin.administration.generate(ADA, 0, system(0xE7, 1));
        admin.use(0, 1, 3);
        admin.administration.invalidate(ADA, 0, 1);
        admin.administration.invalidate(ADA, 0, 0xC3);
        reopen();
        assertThat(admin.group(0).workKeyAt(1).isUsable()).isFalse();
        assertThat(admin.group(0).systemKey(SystemKeyType.RELOADING).isUsable()).isFalse();
        admin.administration.delete(ADA, 0, 0xC3);
        admin.administration.delete(ADA, 0, 1);
        assertThat(admin.group(0).keys()).isEmpty();
        assertThat(admin.group(0).eventCounter(Admin.COUNTER)).as("its event counter stays").isEqualTo(3);
        for (int reference : new int[] {0, 1, 0x7E, 0x7F, 0xC0, 0xC3, 0xC5, -1, 0x1C3}) {
            refused(Reason.NOT_FOUND, () -> admin.administration.delete(ADA, 0, reference));
            refused(Reason.NOT_FOUND, () -> admin.administration.invalidate(ADA, 0, reference));
        }
    }
}
