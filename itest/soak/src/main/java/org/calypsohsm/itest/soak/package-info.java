/** The swap soak: everything that can be swapped is swapped, again and again, under thousands of busy channels. */
package org.calypsohsm.itest.soak;
