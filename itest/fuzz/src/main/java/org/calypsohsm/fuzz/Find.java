package org.calypsohsm.fuzz;

/** Something that must not be: what the fuzzer looks for. */
final class Find extends RuntimeException {

    private static final long serialVersionUID = 1L;

    Find(String message) {
        super(message);
    }

    Find(String message, Throwable cause) {
        super(message, cause);
    }
}
