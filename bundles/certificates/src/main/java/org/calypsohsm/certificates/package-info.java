/** Certificates for development: an authority, a server and its clients, each checkout and each test its own. */
package org.calypsohsm.certificates;
