package org.calypsohsm.trust;

import java.util.List;

import org.osgi.annotation.versioning.ProviderType;

/**
 * The service that checks who signed a bundle. As long as it runs, services of untrusted bundles under the types
 * {@link org.calypsohsm.module.SecurityModule} and {@link org.calypsohsm.product.SecurityPlugin} are visible to nobody
 * but those who registered them. Each refusal is in the audit log. Safe for many threads.
 */
@ProviderType
public interface BundleTrust {

    /**
     * Checks a jar before it is installed. Install from the same array: a file could change meanwhile.
     *
     * @param jar the whole jar; not kept
     * @return whether it may be installed, and why
     */
    TrustReport check(byte[] jar);

    /**
     * Tells what is known of an installed bundle.
     *
     * @param bundle its number in the framework
     * @return whether its services are visible, and why
     * @throws IllegalArgumentException if there is no such bundle
     */
    TrustReport check(long bundle);

    /** @return the installed bundles whose services are hidden now, in the order of their numbers */
    List<TrustReport> refused();

    /** @return the certificates that are trusted now */
    TrustStoreReport store();
}
