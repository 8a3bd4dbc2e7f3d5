package org.calypsohsm.card;

/**
 * An access condition: what must be given before a group of commands may be used on a file.
 * Source: calypso-card.md section b (FCP, access byte values) and section d (key hierarchy).
 *
 * @param code the byte shown in the FCP
 * @param key  index of the weakest key whose session satisfies the condition, 1..3; 0 where no session is asked for
 */
record Access(int code, int key) {

    static final Access ALWAYS = new Access(0x1F, 0);
    static final Access NEVER = new Access(0x00, 0);
    static final Access PIN = new Access(0x01, 0);
    static final Access ISSUER = new Access(0x10, 1);
    static final Access LOAD = new Access(0x10, 2);
    static final Access DEBIT = new Access(0x10, 3);

    /**
     * Checks the condition.
     *
     * @param sessionKey  index of the session's key, 0 if no session is open
     * @param pinVerified true if the PIN was presented
     * @throws Refusal 6985 if nobody may, 6982 if the session, key or PIN is missing
     */
    void check(int sessionKey, boolean pinVerified) {
        if (this == NEVER) {
            throw new Refusal(CardStatus.ACCESS_FORBIDDEN);
        }
        boolean given = this == ALWAYS || this == PIN && pinVerified || key != 0 && sessionKey != 0 && sessionKey <= key;
        if (!given) {
            throw new Refusal(CardStatus.SECURITY_NOT_FULFILLED);
        }
    }
}
