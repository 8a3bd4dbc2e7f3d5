/**
 * Health checks of the platform, and where they are answered.
 */
package org.calypsohsm.health;
