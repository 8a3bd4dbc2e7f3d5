/**
 * The frames between a gateway and its clients. A binary WebSocket message holds one frame or several; each begins with 18
 * bytes, all numbers with the highest byte first:
 *
 * <pre>
 * offset  length  what
 *      0       1  version of the format, 1
 *      1       1  operation, see {@link org.calypsohsm.gateway.wire.Operation}
 *      2       4  number of the request; an answer has that of its request
 *      6       8  number of the channel, 0 if there is none
 *     14       4  length of the payload
 *     18       n  payload, see {@link org.calypsohsm.gateway.wire.Operation}
 * </pre>
 *
 * Any number of requests may be on their way; the answers of one channel come in the order of its requests.
 */
package org.calypsohsm.gateway.wire;
