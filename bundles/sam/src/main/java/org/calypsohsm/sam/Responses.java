package org.calypsohsm.sam;

import org.calypsohsm.apdu.StatusWord;

/** Makes response APDUs. */
final class Responses {

    private Responses() {
    }

    static byte[] status(int statusWord) {
        return StatusWord.response(statusWord);
    }

    /** @return 4 bytes, big-endian */
    static byte[] bytes(int number) {
        return new byte[] {(byte) (number >> 24), (byte) (number >> 16), (byte) (number >> 8), (byte) number};
    }

    static byte[] ok() {
        return status(StatusWord.OK);
    }

    static byte[] ok(byte[] data) {
        byte[] response = new byte[data.length + 2];
        System.arraycopy(data, 0, response, 0, data.length);
        response[data.length] = (byte) 0x90;
        return response;
    }
}
