/**
 * How a bundle tells the audit log, which may come and go, what it does.
 */
package org.calypsohsm.auditing;
