/** Security plugin of the card product ${product}. Nothing here is exported. */
package ${package};
