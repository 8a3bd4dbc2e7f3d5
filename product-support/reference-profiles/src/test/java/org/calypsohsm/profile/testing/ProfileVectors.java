package org.calypsohsm.profile.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.calypsohsm.profile.ReferenceProfile;

/** The vectors of security-profile-vectors.json. They were computed by an implementation that shares no code with this one. */
public final class ProfileVectors {

    /** How many vectors the file has. */
    public static final int COUNT = 124;

    private static final String FILE = "security-profile-vectors.json";

    private ProfileVectors() {
    }

    /** @return the file, for the caller to close */
    public static InputStream open() {
        return ProfileVectors.class.getResourceAsStream(FILE);
    }

    /** @return all vectors, in the order of the file */
    public static List<ProfileVector> all() {
        try (InputStream in = open()) {
            List<ProfileVector> vectors = new ArrayList<>();
            for (JsonNode json : new ObjectMapper().readTree(in)) {
                vectors.add(new ProfileVector(vectors.size() + 1, json));
            }
            return vectors;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Picks the vectors of some profiles.
     *
     * @param profile which profile
     * @param more    others
     * @return their vectors, in the order of the file
     */
    public static List<ProfileVector> of(ReferenceProfile profile, ReferenceProfile... more) {
        Set<ReferenceProfile> wanted = EnumSet.of(profile, more);
        return all().stream().filter(vector -> wanted.contains(vector.profile())).toList();
    }
}
