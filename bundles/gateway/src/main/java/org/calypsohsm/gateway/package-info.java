/**
 * The gateway: channels and administration for clients on other machines. A client is known by its certificate; what it may do
 * is configured for it.
 */
package org.calypsohsm.gateway;
