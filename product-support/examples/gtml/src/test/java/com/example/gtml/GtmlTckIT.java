package com.example.gtml;

import org.calypsohsm.product.tck.ProductTck;

/** The conformance suite of the platform, with the bundle in target and the known answers in vectors.json. */
class GtmlTckIT extends ProductTck {
}
