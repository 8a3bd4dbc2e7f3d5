/**
 * Security modules that are devices of their own. {@code DeviceModule} is the component; a {@code Device} is what it drives:
 * {@code CardDevice} a card process behind a socket, {@code NativeDevice} the library of a vendor.
 */
package org.calypsohsm.provider.pcis3device;
