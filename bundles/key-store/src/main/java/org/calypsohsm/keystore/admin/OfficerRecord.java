package org.calypsohsm.keystore.admin;

import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;

import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1UTF8String;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERUTF8String;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.Role;
import org.calypsohsm.keystore.KeyStoreException;
import org.calypsohsm.keystore.Records;

/**
 * What the store keeps of an officer, in DER: SEQUENCE of format 1, roles, attempts, passes, memory, lanes, salt, hash.
 *
 * @param officer  name and roles
 * @param attempts how many wrong passwords in a row
 * @param password hash of the password
 */
record OfficerRecord(Officer officer, int attempts, PasswordHash password) {

    /** How the names of the records begin; the name of the officer follows. */
    static final String PREFIX = "officer/";

    private static final int FORMAT = 1;

    /** @return the officer of this name; null if there is none */
    static OfficerRecord read(Records records, String name) {
        byte[] record = records.get(PREFIX + name);
        try {
            return record == null ? null : decode(name, record);
        } catch (IllegalArgumentException e) {
            throw new KeyStoreException("the record of officer " + name + " has an unknown form.", e);
        }
    }

    OfficerRecord with(int newAttempts) {
        return new OfficerRecord(officer, newAttempts, password);
    }

    String recordName() {
        return PREFIX + officer.name();
    }

    private static OfficerRecord decode(String name, byte[] record) {
        ASN1Sequence fields = ASN1Sequence.getInstance(record);
        if (number(fields, 0) != FORMAT) {
            throw new IllegalArgumentException("format " + number(fields, 0));
        }
        Set<Role> roles = EnumSet.noneOf(Role.class);
        ASN1Sequence.getInstance(fields.getObjectAt(1)).forEach(role -> roles.add(Role.valueOf(ASN1UTF8String.getInstance(role).getString())));
        return new OfficerRecord(new Officer(name, roles), number(fields, 2),
                new PasswordHash(new PasswordHash.Cost(number(fields, 3), number(fields, 4), number(fields, 5)),
                        octets(fields, 6), octets(fields, 7)));
    }

    private static int number(ASN1Sequence fields, int index) {
        return ASN1Integer.getInstance(fields.getObjectAt(index)).intValueExact();
    }

    private static byte[] octets(ASN1Sequence fields, int index) {
        return ASN1OctetString.getInstance(fields.getObjectAt(index)).getOctets();
    }

    byte[] encode() {
        ASN1EncodableVector roles = new ASN1EncodableVector();
        officer.roles().stream().sorted().forEach(role -> roles.add(new DERUTF8String(role.name())));
        ASN1EncodableVector fields = new ASN1EncodableVector();
        fields.add(new ASN1Integer(FORMAT));
        fields.add(new DERSequence(roles));
        for (int number : new int[] {attempts, password.cost().passes(), password.cost().memory(), password.cost().lanes()}) {
            fields.add(new ASN1Integer(number));
        }
        fields.add(new DEROctetString(password.salt()));
        fields.add(new DEROctetString(password.hash()));
        try {
            return new DERSequence(fields).getEncoded(ASN1Encoding.DER);
        } catch (IOException e) {
            throw new KeyStoreException("the record of officer " + officer.name() + " cannot be encoded.", e);
        }
    }
}
