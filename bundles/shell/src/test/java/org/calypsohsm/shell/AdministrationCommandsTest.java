package org.calypsohsm.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.felix.service.command.CommandSession;
import org.calypsohsm.key.KeyAdministration;
import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyImport;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.key.KeyStoreStatus.State;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.Officers;
import org.calypsohsm.key.Role;
import org.calypsohsm.startup.CardSet;
import org.calypsohsm.startup.Startup;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.startup.StartupReport;
import org.junit.jupiter.api.Test;

/** Officers, key administration and start-up by command. */
class AdministrationCommandsTest {

    private static final Officer ALICE = new Officer("alice", Set.of(Role.ADMINISTRATOR));
    private static final String COMPONENT = "000102030405060708090A0B0C0D0E0F";
    private static final CardSet CARDS = new CardSet("0123456789ABCDEF", 2, 3);

    private final List<String> done = new ArrayList<>();
    private final ByteArrayOutputStream console = new ByteArrayOutputStream();
    private final Fakes fakes = new Fakes();
    private final Logins logins = new Logins();
    private CommandSession session = typed("");

    private CommandSession typed(String text) {
        InputStream keyboard = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(console, true, StandardCharsets.UTF_8);
        return Fakes.fake(CommandSession.class, Map.of("getKeyboard", arguments -> keyboard, "getConsole", arguments -> out,
                "get", arguments -> null, "hashCode", arguments -> 1, "equals", arguments -> true));
    }

    private String shown() {
        return console.toString(StandardCharsets.UTF_8);
    }

    private OfficerCommands officers(List<Officer> known) {
        fakes.service(Officers.class, new Officers() {
            @Override
            public List<Officer> list() {
                return known;
            }

            @Override
            public Officer authenticate(String name, char[] password) throws KeyAdministrationException {
                if (!"correct horse".equals(new String(password))) {
                    throw new KeyAdministrationException(KeyAdministrationException.Reason.NOT_PERMITTED, "Key store main: not him.");
                }
                return ALICE;
            }

            @Override
            public void put(Officer by, Officer officer, char[] password) {
                done.add("put " + (by == null ? "nobody" : by.name()) + " " + officer.name() + " " + officer.roles() + " "
                        + password.length);
            }

            @Override
            public void remove(Officer by, String name) {
                done.add("remove " + by.name() + " " + name);
            }
        });
        return new OfficerCommands(fakes.context(), logins);
    }

    @Test
    void theFirstOfficerNeedsNoLoginAndOthersDo() throws Exception {
        session = typed("correct horse\ncorrect horse\n");
        assertThat(officers(List.of()).putofficer(session, "administrator,Operator", "", "alice"))
                .isEqualTo("Officer alice is administrator, operator.");
        assertThat(done).singleElement().asString().startsWith("put nobody alice").endsWith("13");
        assertThatThrownBy(() -> officers(List.of(ALICE)).putofficer(typed("a\na\n"), "auditor", "", "bob"))
                .hasMessageContaining("Nobody is logged in");
    }

    @Test
    void aLoginLastsForTheSession() throws Exception {
        OfficerCommands commands = officers(List.of(ALICE));
        assertThatThrownBy(() -> commands.login(typed("wrong\n"), "", "alice")).hasMessage("Key store main: not him.");
        assertThatThrownBy(() -> commands.removeofficer(session, "", "bob")).hasMessageContaining("Nobody is logged in");
        assertThat(commands.login(typed("correct horse\n"), "", "alice")).isEqualTo("Officer alice is logged in, as administrator.");
        commands.removeofficer(session, "", "bob");
        assertThat(done).containsExactly("remove alice bob");
        assertThat(commands.logout(session)).isEqualTo("Officer alice is logged out.");
        assertThatThrownBy(() -> commands.removeofficer(session, "", "bob")).hasMessageContaining("Nobody is logged in");
        assertThat(commands.logout(session)).isEqualTo("Nobody was logged in.");
        assertThat(shown()).doesNotContain("horse");
    }

    @Test
    void wrongRolesAndPasswordsThatDifferChangeNothing() {
        OfficerCommands commands = officers(List.of());
        assertThatThrownBy(() -> commands.putofficer(session, "boss", "", "alice")).hasMessageContaining("no role boss")
                .hasMessageContaining("custodian");
        assertThatThrownBy(() -> commands.putofficer(session, "", "", "alice")).hasMessageContaining("--roles");
        assertThatThrownBy(() -> commands.putofficer(session, "auditor", "", "al ice")).hasMessageContaining("letters, digits");
        assertThatThrownBy(() -> commands.putofficer(typed("one\ntwo\n"), "auditor", "", "alice")).hasMessageContaining("differ");
        assertThatThrownBy(() -> commands.putofficer(typed(""), "auditor", "", "alice")).hasMessageContaining("Nothing was typed");
        assertThatThrownBy(() -> commands.putofficer(session, "auditor", "other", "alice")).hasMessageContaining("no key store other");
        assertThat(done).isEmpty();
    }

    private KeyAdministrationCommands keys() {
        fakes.service(KeyAdministration.class, Fakes.fake(KeyAdministration.class, Map.of(
                "createGroup", arguments -> {
                    done.add("create " + arguments[1] + " " + arguments[2] + " " + arguments[3]);
                    return null;
                },
                "limitChannels", arguments -> noted("limit " + arguments[1] + " " + arguments[2]),
                "deleteGroup", arguments -> noted("delete group " + arguments[1]),
                "generate", arguments -> {
                    done.add("generate " + arguments[1] + " " + arguments[2]);
                    return Fakes.key(1, 0x40, 3);
                },
                "importComponent", arguments -> {
                    done.add("component " + arguments[1] + " " + arguments[3] + " " + HexFormat.of().formatHex((byte[]) arguments[4]));
                    return new KeyImport(2, List.of("alice"), "A1B2C3", null);
                },
                "delete", arguments -> noted("delete " + arguments[1] + " " + arguments[2]),
                "invalidate", arguments -> noted("invalidate " + arguments[1] + " " + arguments[2]),
                "raiseCeiling", arguments -> noted("raise " + arguments[1] + " " + arguments[2] + " " + arguments[3] + " "
                        + arguments[4]))));
        logins.login(session, "", ALICE);
        return new KeyAdministrationCommands(fakes.context(), logins);
    }

    private Object noted(String act) {
        done.add(act);
        return null;
    }

    @Test
    void groupsAndKeysAreAdministered() throws Exception {
        KeyAdministrationCommands commands = keys();
        commands.creategroup(session, "200", "5000", "", "7");
        commands.limitgroup(session, "", "7", "0");
        assertThat(commands.generatekey(session, "01000000010000000000", "5", false, "", "7", "21", "79", "40"))
                .isEqualTo("Made: key KIF 21 KVC 79 ALG 40 in record 01.");
        commands.invalidatekey(session, "", "7", "0A");
        commands.deletekey(session, true, "", "7", "C1");
        commands.deletegroup(typed("yes\n"), false, "", "7");
        commands.raiseceiling(session, "8", "", "7", "5", "6000");
        commands.raiseceiling(session, "", "", "7", "5", "6000");
        assertThat(done).containsExactly("create 7 200 5000", "limit 7 0", "generate 7 work key KIF 21 KVC 79 ALG 40",
                "invalidate 7 10", "delete 7 193", "delete group 7", "raise 7 5 6000 8", "raise 7 5 6000 7");
    }

    @Test
    void aComponentIsTypedAndNotShown() throws Exception {
        KeyAdministrationCommands commands = keys();
        assertThat(commands.importkey(typed(COMPONENT + "\n"), "2", "01000000010000000000", "", false, "", "7", "21", "79", "40"))
                .isEqualTo("Taken, with check value A1B2C3: 1 of 2 components, from alice.");
        assertThat(done).containsExactly("component 7 2 " + COMPONENT.toLowerCase(java.util.Locale.ROOT));
        for (String wrong : new String[] {COMPONENT.substring(2), COMPONENT + "00", "secret that is no component of 32"}) {
            assertThatThrownBy(() -> commands.importkey(typed(wrong + "\n"), "2", "01000000010000000000", "", false, "", "7", "21",
                    "79", "40")).hasMessage("A component has 32 hexadecimal digits, so nothing was taken.").hasNoCause();
        }
        assertThat(shown()).doesNotContain(COMPONENT).doesNotContain("secret that");
        assertThat(done).hasSize(1);
    }

    @Test
    void wrongUseChangesNothing() {
        KeyAdministrationCommands commands = keys();
        String par = "01000000010000000000";
        assertThatThrownBy(() -> commands.generatekey(session, "01", "", false, "", "7", "21", "79", "40")).hasMessageContaining("20 hexa");
        assertThatThrownBy(() -> commands.generatekey(session, par, "27", false, "", "7", "21", "79", "40")).hasMessageContaining("1 to 26");
        assertThatThrownBy(() -> commands.generatekey(session, par, "", false, "", "7", "21", "79")).hasMessageContaining("there are 3");
        assertThatThrownBy(() -> commands.generatekey(session, par, "", false, "", "7", "XX", "79", "40")).hasMessageContaining("KIF");
        assertThatThrownBy(() -> commands.generatekey(session, par, "", true, "", "7", "21", "79", "40")).hasMessageContaining("E1, FD");
        assertThatThrownBy(() -> commands.deletekey(session, true, "", "--force", "7", "01")).hasMessageContaining("no option --force");
        assertThat(done).isEmpty();
    }

    @Test
    void nothingIsDeletedWithoutAYes() throws Exception {
        KeyAdministrationCommands commands = keys();
        assertThat(commands.deletegroup(typed("n\n"), false, "", "7")).isEqualTo("Nothing was changed.");
        assertThat(commands.deletekey(typed(""), false, "", "7", "01")).isEqualTo("Nothing was changed.");
        assertThat(done).isEmpty();
    }

    private StartupCommands startup(CardSet set, int... given) {
        int[] calls = {0};
        State[] state = {State.LOCKED};
        fakes.service(Startup.class, new Startup() {
            private StartupReport report() {
                return new StartupReport("main", new KeyStoreStatus(state[0], "Key store main is " + state[0] + "."), set,
                        state[0] == State.OPEN ? 0 : calls[0]);
            }

            @Override
            public List<StartupReport> stores() {
                return List.of(report());
            }

            @Override
            public List<String> readersWithCard() {
                return List.of();
            }

            @Override
            public StartupReport unlock(String store, char[] pin) throws StartupException {
                if ("0000".equals(new String(pin))) {
                    throw new StartupException(StartupException.Reason.WRONG_PIN, "Reader R: the PIN is wrong, 2 tries are left.");
                }
                state[0] = ++calls[0] == 2 ? State.OPEN : State.LOCKED;
                return report();
            }

            @Override
            public StartupReport adopt(String store, CardSet wanted, char[] pin) throws StartupException {
                done.add("adopt " + wanted);
                return unlock(store, pin);
            }

            @Override
            public StartupReport initialize(String store, Shares shares, Ceremony ceremony) throws StartupException {
                for (int card = 1; card <= Math.max(1, shares.cards()); card++) {
                    char[] pin = ceremony.nextCard(card, shares.cards());
                    if (pin == null) {
                        throw new StartupException(StartupException.Reason.NO_CARD, "Given up.");
                    }
                    done.add("card " + card + " " + pin.length);
                }
                state[0] = State.OPEN;
                return report();
            }

            @Override
            public void lock(String store) {
                done.add("lock " + store);
            }

            @Override
            public void zeroize(String store) {
                done.add("zeroize " + store);
            }
        });
        return new StartupCommands(fakes.context());
    }

    @Test
    void unlockAsksUntilEnoughCardsAreGiven() throws Exception {
        StartupCommands commands = startup(CARDS);
        assertThatThrownBy(() -> commands.unlock(typed("1111\n0000\n"), "main")).hasMessageContaining("2 tries are left");
        assertThat(commands.unlock(typed("2222\n"), "main")).isEqualTo("Key store main is OPEN.");
        assertThat(shown()).contains("0 of 2 given", "1 of 2 given").doesNotContain("1111").doesNotContain("2222");
        assertThatThrownBy(() -> commands.unlock(session, "other")).hasMessageContaining("There are: main");
    }

    @Test
    void initializeHasACeremonyForEachCard() throws Exception {
        StartupCommands commands = startup(null);
        assertThatThrownBy(() -> commands.initialize(session, "3", "2", "", true, "main")).hasMessageContaining("either");
        assertThatThrownBy(() -> commands.initialize(session, "", "", "", false, "main")).hasMessageContaining("either");
        assertThatThrownBy(() -> commands.initialize(typed("123456\n123457\n"), "3", "2", "", false, "main")).hasMessage("Given up.");
        assertThat(commands.initialize(typed("123456\n123456\n1234567\n1234567\n"), "2", "2", "", false, "main"))
                .isEqualTo("Key store main is OPEN.");
        assertThat(done).containsExactly("card 1 6", "card 2 7");
    }

    @Test
    void aNewStoreTakesCardsThatAreThereAlready() throws Exception {
        StartupCommands commands = startup(null);
        assertThat(commands.initialize(typed("123456\n123456\n"), "3", "2", CARDS.id(), false, "main")).isEqualTo("Key store main is OPEN.");
        assertThat(done).containsExactly("adopt " + CARDS, "adopt " + CARDS);
        assertThatThrownBy(() -> commands.initialize(session, "3", "2", "no set", false, "main")).hasMessageContaining("16 hexadecimal");
    }

    @Test
    void lockAndZeroizeAskFirst() throws Exception {
        StartupCommands commands = startup(CARDS);
        assertThat(commands.lock(typed("n\n"), false, "main")).isEqualTo("Nothing was changed.");
        assertThat(commands.zeroize(typed("yes\n"), "", "main")).isEqualTo("That is not its name, so nothing was changed.");
        assertThat(done).isEmpty();
        commands.lock(typed("y\n"), false, "main");
        commands.zeroize(typed("main\n"), "", "main");
        commands.zeroize(session, "main", "main");
        assertThat(done).containsExactly("lock main", "zeroize main", "zeroize main");
        assertThat(commands.stores(true)).contains("\"threshold\":2").contains("\"state\":\"LOCKED\"");
        assertThat(commands.stores(false)).contains("2 of 3");
    }
}
