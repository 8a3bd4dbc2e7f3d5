package org.calypsohsm.sam;

import org.calypsohsm.apdu.StatusWord;

/** Makes response APDUs. */
final class Responses {

    private Responses() {
    }

    static byte[] status(int statusWord) {
        return StatusWord.response(statusWord);
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
