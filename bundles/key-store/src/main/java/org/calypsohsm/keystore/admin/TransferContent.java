package org.calypsohsm.keystore.admin;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bouncycastle.asn1.ASN1Boolean;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1UTF8String;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERUTF8String;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyTemplate;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;

/**
 * What is sealed in a transfer, in DER: SEQUENCE of version 1, transfer id, name of the source, fingerprint of its
 * certificate, and a SEQUENCE of keys, each a SEQUENCE of 13 readable bytes, system, usable, and the value.
 *
 * @param id          16 random bytes
 * @param source      name of the store that the keys are from
 * @param fingerprint SHA-256 of its certificate: nobody else can sign the sealed content as his own
 * @param keys        the keys
 */
record TransferContent(byte[] id, String source, byte[] fingerprint, List<Key> keys) {

    /** Length of a transfer id in bytes. */
    static final int ID = 16;

    private static final int VERSION = 1;
    private static final int PARAMETERS_AT = 3;

    /**
     * A key on its way.
     *
     * @param template what it is
     * @param usable   false if it was invalidated
     * @param value    its value
     */
    record Key(KeyTemplate template, boolean usable, KeyValue value) {

        static Key of(SamKey key) {
            byte[] readable = new byte[SamKey.READABLE_LENGTH];
            key.copyReadable(readable, 0);
            return new Key(readTemplate(readable, key.reference() > KeyGroup.LAST_WORK_KEY_RECORD), key.isUsable(), key.value());
        }
    }

    private static KeyTemplate readTemplate(byte[] readable, boolean system) {
        return new KeyTemplate(readable[0] & 0xFF, readable[1] & 0xFF, readable[2] & 0xFF,
                Arrays.copyOfRange(readable, PARAMETERS_AT, SamKey.READABLE_LENGTH), system);
    }

    /** @return DER; the caller overwrites it */
    byte[] encode() throws IOException {
        ASN1EncodableVector encoded = new ASN1EncodableVector();
        List<byte[]> values = new ArrayList<>();
        try {
            for (Key key : keys) {
                KeyTemplate template = key.template();
                byte[] readable = new byte[SamKey.READABLE_LENGTH];
                readable[0] = (byte) template.kif();
                readable[1] = (byte) template.kvc();
                readable[2] = (byte) template.alg();
                System.arraycopy(template.parameters(), 0, readable, PARAMETERS_AT, SamKey.PARAMETERS);
                byte[] value = key.value().revealKeyBytes();
                values.add(value);
                encoded.add(new DERSequence(new ASN1Encodable[] {new DEROctetString(readable), ASN1Boolean.getInstance(template.system()),
                    ASN1Boolean.getInstance(key.usable()), new DEROctetString(value)}));
            }
            return new DERSequence(new ASN1Encodable[] {new ASN1Integer(VERSION), new DEROctetString(id), new DERUTF8String(source),
                new DEROctetString(fingerprint), new DERSequence(encoded)}).getEncoded(ASN1Encoding.DER);
        } finally {
            values.forEach(value -> Arrays.fill(value, (byte) 0));
        }
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws IllegalArgumentException if it is something else
     */
    static TransferContent decode(byte[] der) {
        ASN1Sequence fields = ASN1Sequence.getInstance(der);
        if (fields.size() != 5 || ASN1Integer.getInstance(fields.getObjectAt(0)).intValueExact() != VERSION) {
            throw new IllegalArgumentException("another version");
        }
        List<Key> keys = new ArrayList<>();
        for (ASN1Encodable element : ASN1Sequence.getInstance(fields.getObjectAt(4))) {
            ASN1Sequence key = ASN1Sequence.getInstance(element);
            byte[] readable = octets(key, 0, SamKey.READABLE_LENGTH);
            // The arrays of the parsed value are its own; it is overwritten with them.
            byte[] value = octets(key, 3, KeyValue.LENGTH);
            keys.add(new Key(readTemplate(readable, ASN1Boolean.getInstance(key.getObjectAt(1)).isTrue()),
                    ASN1Boolean.getInstance(key.getObjectAt(2)).isTrue(), KeyValue.copyOf(value)));
            Arrays.fill(value, (byte) 0);
        }
        return new TransferContent(octets(fields, 1, ID), ASN1UTF8String.getInstance(fields.getObjectAt(2)).getString(),
                ASN1OctetString.getInstance(fields.getObjectAt(3)).getOctets(), List.copyOf(keys));
    }

    private static byte[] octets(ASN1Sequence fields, int index, int length) {
        byte[] octets = ASN1OctetString.getInstance(fields.getObjectAt(index)).getOctets();
        if (octets.length != length) {
            throw new IllegalArgumentException("another length");
        }
        return octets;
    }

    /** Overwrites the values of the keys. */
    void destroy() {
        keys.forEach(key -> key.value().destroy());
    }

    /** Shows how many keys there are. */
    @Override
    public String toString() {
        return keys.size() + " keys of key store " + source;
    }
}
