package org.calypsohsm.auditlog;

import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.spi.JsonProvider;
import org.calypsohsm.audit.AuditEvent;

/**
 * One line of the log: a JSON object that ends with its own hash. What is hashed, and what is signed, is the line itself up
 * to there, closed with a brace: so a check needs no second way to write the same object.
 *
 * @param sequence  its number
 * @param previous  hash of the entry before
 * @param hash      its own hash
 * @param event     the event; null in a signature
 * @param key       which key signed; null in an event
 * @param signed    what is signed; null in an event
 * @param signature the signature; null in an event
 */
record Entry(long sequence, String previous, String hash, AuditEvent event, String key, byte[] signed, byte[] signature) {

    /** Stands for the hash of the entry before the first. */
    static final String NO_HASH = "0".repeat(64);

    private static final String HASH = "hash";
    private static final String SIGNATURE = "signature";
    private static final int HASH_END = ending(HASH, NO_HASH).length;
    private static final int SIGNATURE_END = ending(SIGNATURE, "0".repeat(88)).length;

    /** Looked up once: each look-up asks the service loader. */
    private static final JsonProvider JSON = JsonProvider.provider();

    /** A new line, with its end. */
    record Line(byte[] bytes, String hash) {
    }

    static Line ofEvent(long sequence, String previous, AuditEvent event) {
        return hashed(bytes(JSON.createObjectBuilder()
                .add("sequence", sequence)
                .add("time", event.time().toString())
                .add("act", event.act())
                .add("subject", event.subject())
                .add("actor", event.actor())
                .add("outcome", event.outcome())
                .add("previous", previous).build()));
    }

    static Line ofSignature(long sequence, String previous, Instant time, SigningToken token) {
        byte[] signed = bytes(JSON.createObjectBuilder()
                .add("sequence", sequence)
                .add("time", time.toString())
                .add("key", token.keyName())
                .add("previous", previous).build());
        return hashed(append(signed, SIGNATURE, Base64.getEncoder().encodeToString(token.sign(signed))));
    }

    private static Line hashed(byte[] object) {
        String hash = sha256(object);
        byte[] line = append(object, HASH, hash);
        byte[] ended = Arrays.copyOf(line, line.length + 1);
        ended[line.length] = '\n';
        return new Line(ended, hash);
    }

    private static byte[] bytes(JsonObject object) {
        return object.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] ending(String name, String value) {
        return (",\"" + name + "\":\"" + value + "\"}").getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] append(byte[] object, String name, String value) {
        byte[] ending = ending(name, value);
        byte[] longer = Arrays.copyOf(object, object.length - 1 + ending.length);
        System.arraycopy(ending, 0, longer, object.length - 1, ending.length);
        return longer;
    }

    /** @return the object as it was before its last member of this length was appended */
    private static byte[] without(byte[] object, int ending) {
        byte[] shorter = Arrays.copyOf(object, object.length - ending + 1);
        shorter[shorter.length - 1] = '}';
        return shorter;
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Audit log: this Java has no SHA-256.", e);
        }
    }

    /**
     * Reads a line.
     *
     * @param line without its end
     * @return null if it is not as it was written
     */
    static Entry parse(byte[] line) {
        if (line.length <= HASH_END) {
            return null;
        }
        byte[] object = without(line, HASH_END);
        String hash = sha256(object);
        // Byte for byte: the same value written otherwise is a change too.
        return Arrays.equals(line, append(object, HASH, hash)) ? parse(object, hash) : null;
    }

    private static Entry parse(byte[] object, String hash) {
        try (JsonReader reader = JSON.createReader(new StringReader(new String(object, StandardCharsets.UTF_8)))) {
            JsonObject json = reader.readObject();
            long sequence = json.getJsonNumber("sequence").longValueExact();
            String previous = json.getString("previous");
            Instant time = Instant.parse(json.getString("time"));
            if (!json.containsKey(SIGNATURE)) {
                return new Entry(sequence, previous, hash, new AuditEvent(time, json.getString("act"), json.getString("subject"),
                        json.getString("actor"), json.getString("outcome")), null, null, null);
            }
            if (object.length <= SIGNATURE_END) {
                return null;
            }
            return new Entry(sequence, previous, hash, null, json.getString("key"), without(object, SIGNATURE_END),
                    Base64.getDecoder().decode(json.getString(SIGNATURE)));
        } catch (JsonException | NullPointerException | ClassCastException | ArithmeticException | DateTimeException
                | IllegalArgumentException e) {
            // A right hash over something that was never an entry.
            return null;
        }
    }

    boolean isSignature() {
        return signature != null;
    }
}
