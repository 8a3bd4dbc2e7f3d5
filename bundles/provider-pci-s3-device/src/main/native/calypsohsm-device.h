/*
 * What the shared library of a vendor offers so that a device is a security module of the platform.
 * The provider org.calypsohsm.provider.pcis3device loads it by its path. Version 1 of this interface.
 *
 * Ownership: every buffer is the caller's, and is valid during the call only. The library keeps no pointer to it, and
 * writes no more than the capacity that is told. It returns no memory that the caller would have to free. All structures
 * are plain, without padding: their members have the order and size that is written here.
 *
 * Threads: any thread may call any function at any time, also several at once, with two exceptions. On one channel there is
 * one call at a time, and calypsohsm_close_device is called once, when no other call is in progress. A call may block, but
 * no longer than the device does: the platform leaves a device whose call does not come back within two seconds, until it
 * does. The library must not raise signals or end the process: whoever does not want to rely on that runs it in a
 * card process (hsm card).
 *
 * Numbers are in the order of the machine. Lengths are in bytes.
 */
#ifndef CALYPSOHSM_DEVICE_H
#define CALYPSOHSM_DEVICE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CALYPSOHSM_INTERFACE_VERSION 1

/* Return codes. Every other value is taken for CALYPSOHSM_FAILED. */
#define CALYPSOHSM_OK                 0
#define CALYPSOHSM_FULL               1  /* no channel is free */
#define CALYPSOHSM_UNKNOWN_KEY_GROUP  2  /* the device has no such key group */
#define CALYPSOHSM_NOT_SERVING        3  /* the device is not operational, see calypsohsm_information.state */
#define CALYPSOHSM_STATE_REFUSED      4  /* a channel cannot go on from this state */
#define CALYPSOHSM_FAILED             5  /* the device or the way to it broke */
#define CALYPSOHSM_IN_SESSION         6  /* calypsohsm_channel_state only: a session ties the channel to this device */

/* States of a device. */
#define CALYPSOHSM_OFFLINE            0
#define CALYPSOHSM_LOCKED             1
#define CALYPSOHSM_SELF_TEST          2
#define CALYPSOHSM_OPERATIONAL        3
#define CALYPSOHSM_DEVICE_FAILED      5
#define CALYPSOHSM_END_OF_LIFE        6

#define CALYPSOHSM_ATR_LENGTH         19
#define CALYPSOHSM_RESPONSE_CAPACITY  258
#define CALYPSOHSM_SENTENCE_CAPACITY  200
#define CALYPSOHSM_KEY_GROUPS         64

/* What a device is, and how it is. */
struct calypsohsm_information {
    uint32_t interface_version;          /* CALYPSOHSM_INTERFACE_VERSION */
    uint32_t serial_number;              /* as in the ATR */
    uint32_t version;                    /* as in the ATR, 0 to 255 */
    uint32_t channels;                   /* how many it has in all */
    uint32_t state;
    uint32_t key_group_count;            /* 0 to CALYPSOHSM_KEY_GROUPS */
    int32_t  key_groups[CALYPSOHSM_KEY_GROUPS];
    char     sentence[CALYPSOHSM_SENTENCE_CAPACITY];  /* why it is in its state, one sentence in UTF-8, ended by 0 */
};

/* What a virtual SAM-S1 remembers between sessions. A length of 0 means that there is none. No key is ever in it. 28 bytes. */
struct calypsohsm_state {
    uint8_t diversifier_length;          /* 0, 4 or 8 */
    uint8_t outgoing_challenge_length;   /* 0, 4 or 8: given by Get Challenge and not used yet */
    uint8_t incoming_challenge_length;   /* 0 or 8: taken by Give Random and not used yet */
    uint8_t unlocked;                    /* 1 if a lock is enabled and the SAM is not locked */
    uint8_t diversifier[8];
    uint8_t outgoing_challenge[8];
    uint8_t incoming_challenge[8];
};

/*
 * Opens the way to a device. Which one is told by the text of the configuration, UTF-8 and ended by 0, whose meaning is the
 * vendor's. On CALYPSOHSM_OK *device is set to what the other functions get.
 */
int32_t calypsohsm_open_device(const char *which, void **device);

/* Closes the way to a device, and all its channels. */
void calypsohsm_close_device(void *device);

/* Tells what the device is and how it is. Called twice a second, so it should be cheap. */
int32_t calypsohsm_device_information(void *device, struct calypsohsm_information *information);

/* Tests the device while it serves; its state afterwards is told by calypsohsm_device_information. */
int32_t calypsohsm_self_test(void *device);

/*
 * Opens a channel: reserves a virtual SAM-S1 that goes on from a state, which is all 0 for one as after a reset.
 * On CALYPSOHSM_OK *channel is set to its number, and atr has its CALYPSOHSM_ATR_LENGTH bytes.
 */
int32_t calypsohsm_open_channel(void *device, int32_t key_group, const struct calypsohsm_state *state, uint32_t *channel,
                                uint8_t *atr);

/*
 * Runs one command APDU of any length and shape. *response_length is the capacity before the call
 * (CALYPSOHSM_RESPONSE_CAPACITY), and the length of the response, status word included, after it.
 * A fault in the command is told by the status word, with CALYPSOHSM_OK.
 */
int32_t calypsohsm_exchange(void *device, uint32_t channel, const uint8_t *command, uint32_t command_length, uint8_t *response,
                            uint32_t *response_length);

/* Tells what another module needs to go on in place of this channel, or CALYPSOHSM_IN_SESSION. */
int32_t calypsohsm_channel_state(void *device, uint32_t channel, struct calypsohsm_state *state);

/* Gives a channel back. */
int32_t calypsohsm_close_channel(void *device, uint32_t channel);

#ifdef __cplusplus
}
#endif
#endif
