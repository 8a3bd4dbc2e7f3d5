package org.calypsohsm.profile.testing;

import java.util.HexFormat;

import com.fasterxml.jackson.databind.JsonNode;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.profile.ReferenceProfile;

/**
 * One vector of security-profile-vectors.json.
 *
 * @param number its place in the file, from 1
 * @param json   its fields, all values hex
 */
public record ProfileVector(int number, JsonNode json) {

    /** @return which function it is about */
    public String kind() {
        return text("kind");
    }

    /** @return which profile it belongs to */
    public ReferenceProfile profile() {
        return ReferenceProfile.valueOf(text("profile"));
    }

    /** @return true if a session is in extended mode */
    public boolean extended() {
        return switch (text("mode")) {
            case "regular" -> false;
            case "extended" -> true;
            default -> throw new AssertionError("Unknown mode in " + this);
        };
    }

    /**
     * Reads a field.
     *
     * @param field its name
     * @return the bytes
     */
    public byte[] bytes(String field) {
        return HexFormat.of().parseHex(text(field));
    }

    /**
     * Reads a list of byte strings.
     *
     * @param field its name
     * @return the list
     */
    public byte[][] list(String field) {
        JsonNode items = json.required(field);
        byte[][] list = new byte[items.size()][];
        for (int i = 0; i < list.length; i++) {
            list[i] = HexFormat.of().parseHex(items.get(i).textValue());
        }
        return list;
    }

    /**
     * Reads a field of one byte.
     *
     * @param field its name
     * @return 0..FF
     */
    public int number(String field) {
        return bytes(field)[0] & 0xFF;
    }

    /**
     * Reads a key.
     *
     * @param field its name
     * @return the key
     */
    public KeyValue key(String field) {
        return KeyValue.copyOf(bytes(field));
    }

    private String text(String field) {
        return json.required(field).textValue();
    }

    @Override
    public String toString() {
        return number + " " + text("profile") + " " + kind();
    }
}
