/** The feature manager: installs, exchanges and removes providers and products while the platform runs. Nothing here is exported. */
package org.calypsohsm.features;
