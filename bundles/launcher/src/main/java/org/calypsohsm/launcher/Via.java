package org.calypsohsm.launcher;

/** The ways on which the demo reaches its modules, with what it does by default on each. */
enum Via {
    /** Emulated modules in the platform itself. */
    EMBEDDED(5000, 100_000, "PCI-S3:5000,SAM-S20"),
    /** Each module is a card process behind a socket. */
    CARD(5000, 100_000, "PCI-S3:5000"),
    /** SAM-S20 cards in PC/SC readers, by their serial numbers. */
    PCSC(20, 400, "53200001,53200002"),
    /** Over TLS, through a gateway on a port of this machine. */
    GATEWAY(1000, 20_000, "PCI-S3:5000,SAM-S20");

    private final int channels;
    private final int sessions;
    private final String modules;

    Via(int channels, int sessions, String modules) {
        this.channels = channels;
        this.sessions = sessions;
        this.modules = modules;
    }

    int channels() {
        return channels;
    }

    int sessions() {
        return sessions;
    }

    /** @return modules, with commas between them */
    String modules() {
        return modules;
    }
}
