package org.calypsohsm.product.tck;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.calypsohsm.key.KeyValue;

/**
 * One known answer, in the shape of security-profile-vectors.json.
 *
 * @param number its place in the file, from 1
 * @param alg    ALG code that it is about
 * @param json   its fields, all values hex
 */
record Vector(int number, int alg, JsonNode json) {

    /**
     * Reads a file of vectors.
     *
     * @param in       the file
     * @param profiles ALG codes of vectors that name a profile instead; those of other profiles are left out
     * @return the vectors, in the order of the file
     * @throws IOException if it cannot be read, or is no list of vectors
     */
    static List<Vector> read(InputStream in, Map<String, Integer> profiles) throws IOException {
        List<Vector> vectors = new ArrayList<>();
        int number = 0;
        for (JsonNode json : new ObjectMapper().readTree(in)) {
            number++;
            JsonNode alg = json.get("alg");
            String profile = json.path("profile").asText();
            if (alg != null) {
                vectors.add(new Vector(number, Integer.parseInt(alg.asText(), 16), json));
            } else if (profiles.containsKey(profile)) {
                vectors.add(new Vector(number, profiles.get(profile), json));
            } else if (profiles.isEmpty()) {
                throw new IOException("Vector " + number + " has no field alg: give it the ALG code, two hexadecimal digits.");
            }
        }
        return vectors;
    }

    String kind() {
        return text("kind");
    }

    boolean extended() {
        return "extended".equals(text("mode"));
    }

    byte[] bytes(String field) {
        return HexFormat.of().parseHex(text(field));
    }

    byte[][] list(String field) {
        JsonNode items = json.required(field);
        byte[][] list = new byte[items.size()][];
        for (int i = 0; i < list.length; i++) {
            list[i] = HexFormat.of().parseHex(items.get(i).textValue());
        }
        return list;
    }

    int number(String field) {
        return bytes(field)[0] & 0xFF;
    }

    KeyValue key(String field) {
        return KeyValue.copyOf(bytes(field));
    }

    private String text(String field) {
        return json.required(field).textValue();
    }

    @Override
    public String toString() {
        return String.format("vector %d (%s, ALG %02X)", number, kind(), alg);
    }
}
