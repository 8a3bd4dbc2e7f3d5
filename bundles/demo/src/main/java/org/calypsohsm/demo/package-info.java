/**
 * The main job, shown: thousands of sales at once. A client like any other: it knows only channels, and simulated cards.
 */
package org.calypsohsm.demo;
