package com.spirtech.csm;

import org.calypsohsm.channel.ChannelException;

/** A call failed. The message is one sentence that names module, channel and reason; the codes are those of the README. */
public class CsmException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Code: the security module has no such key group. */
    public static final int kHsmErrKeyGroup = 0x01;

    static final int NOT_INITIALIZED = 0x02;
    static final int NO_CHANNEL_MANAGER = 0x03;
    static final int NO_MODULE = 0x04;
    static final int CHANNEL_ENDED = 0x05;
    static final int UNAVAILABLE = 0x06;
    static final int INTERRUPTED = 0x07;
    static final int BAD_CALL = 0x08;

    private final int code;

    CsmException(int code, String message) {
        this(code, message, null);
    }

    CsmException(int code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    static CsmException of(int code, ChannelException fault) {
        return new CsmException(code, fault.getMessage(), fault);
    }

    /** Keeps the interruption of the thread for those who ask it. */
    static CsmException interrupted(String what, InterruptedException fault) {
        Thread.currentThread().interrupt();
        return new CsmException(INTERRUPTED, "The thread was interrupted while it " + what + ".", fault);
    }

    /** @return what went wrong, as a number */
    public int getCode() {
        return code;
    }
}
