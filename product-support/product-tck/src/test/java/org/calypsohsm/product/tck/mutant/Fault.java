package org.calypsohsm.product.tck.mutant;

/** What a plugin can have wrong. */
public enum Fault {
    /** Nothing. */
    NONE,
    /** It does not start. */
    DOES_NOT_START,
    /** A signature always has 8 bytes. */
    WRONG_MAC_LENGTH,
    /** A PIN gives another answer than the known one. */
    WRONG_ANSWER,
    /** All sessions feed one digest. */
    SHARED_DIGEST,
    /** Threads share a buffer. */
    SHARED_BUFFER,
    /** A thread runs on. */
    LEAKING_THREAD,
    /** A thread of others keeps an object of the bundle. */
    LEAKING_CLASS_LOADER,
    /** A shutdown hook keeps an object of the bundle. */
    LEAKING_HOOK,
    /** toString() shows the key. */
    KEY_IN_TO_STRING,
    /** A message shows the key. */
    KEY_IN_MESSAGE,
    /** An ALG code that is not served gives another exception. */
    WRONG_EXCEPTION,
    /** An ALG code that is not served is served. */
    ANY_ALG,
    /** A diversifier of any length is taken. */
    ANY_DIVERSIFIER,
    /** A signature changes from call to call. */
    NONDETERMINISM,
    /** The caller's diversifier is used later. */
    KEEPS_DIVERSIFIER,
    /** A class is loaded when it is first used. */
    LATE_CLASS,
    /** Every card certificate is right. */
    ANY_CERTIFICATE,
    /** The offset of an element is ignored. */
    IGNORES_OFFSET,
    /** A range is not checked. */
    UNCHECKED_RANGE,
    /** A key of another plugin is loaded. */
    ANY_CARD_KEY,
    /** An argument is overwritten. */
    CHANGES_ARGUMENT,
    /** null is taken for an empty message. */
    TAKES_NULL,
    /** A key that was destroyed is still there. */
    NOT_DESTROYED,
    /** A changed block opens. */
    ANY_BLOCK,
    /** It says that it has extended sessions, and has none. */
    NO_EXTENDED_MODE,
    /** A short message is never signed. */
    HANGS,
    /** Its self test fails. */
    SELF_TEST_FAILS
}
