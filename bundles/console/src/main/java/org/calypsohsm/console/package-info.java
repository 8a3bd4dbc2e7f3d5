/**
 * The web console: what the platform does now on one page, and swapping of features.
 */
package org.calypsohsm.console;
