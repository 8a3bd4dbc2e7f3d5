/**
 * Software portable objects (cards) of CD97, CD21 and Tango with public test keys, for tests, the demo and benchmarks,
 * and the few things that a simple terminal must know to drive them. Pure: no I/O, no threads.
 * {@link org.calypsohsm.card.Card} is where to start. Source: calypso-card.md.
 */
@Export
@Version("1.1.0")
package org.calypsohsm.card;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
