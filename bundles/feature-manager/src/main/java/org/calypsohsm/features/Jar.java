package org.calypsohsm.features;

/**
 * A jar, read once: what is checked is what is installed.
 *
 * @param name    name of its file
 * @param content all of it, not copied
 * @param sha256  its digest, in lower case
 */
record Jar(String name, byte[] content, String sha256) {

    static Jar of(String name, byte[] content) {
        return new Jar(name, content, Digests.sha256(content));
    }

    @Override
    public String toString() {
        return name;
    }
}
