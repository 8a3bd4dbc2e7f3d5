/**
 * The reference security profiles (security-profiles.md) on Bouncy Castle, for the SAM side and the card side.
 * Bundles that need them embed this package; it is never exported.
 */
package org.calypsohsm.profile;
