package org.calypsohsm.itest.platform;

/** The flows on keys in memory. */
public class CardFlowsIT extends CardFlows {
}
