/** The administration of a key store: officers, groups, keys, imports, transfers, backups. Nothing here is exported. */
package org.calypsohsm.keystore.admin;
