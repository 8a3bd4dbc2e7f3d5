/* A device that is none: channels with their state between sessions, no keys and no sessions. What goes wrong is asked for
   by the text that says which device: "garbage", "failing", "other version". */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "calypsohsm-device.h"

#ifndef CHANNELS
#define CHANNELS 100
#endif

struct device {
    pthread_mutex_t lock;
    char which[32];
    uint32_t counter;
    uint8_t used[CHANNELS];
    struct calypsohsm_state states[CHANNELS];
};

int32_t calypsohsm_open_device(const char *which, void **device) {
    if (strcmp(which, "failing") == 0) {
        return CALYPSOHSM_FAILED;
    }
    struct device *made = calloc(1, sizeof *made);
    pthread_mutex_init(&made->lock, NULL);
    strncpy(made->which, which, sizeof made->which - 1);
    *device = made;
    return CALYPSOHSM_OK;
}

void calypsohsm_close_device(void *device) {
    free(device);
}

int32_t calypsohsm_device_information(void *device, struct calypsohsm_information *information) {
    struct device *me = device;
    information->interface_version = strcmp(me->which, "other version") == 0 ? 2 : CALYPSOHSM_INTERFACE_VERSION;
    information->serial_number = 0xC0FFEE01;
    information->version = 5;
    information->channels = CHANNELS;
    information->state = CALYPSOHSM_OPERATIONAL;
    information->key_group_count = 2;
    information->key_groups[0] = 0;
    information->key_groups[1] = 3;
    strcpy(information->sentence, "The stub is always well.");
    return CALYPSOHSM_OK;
}

int32_t calypsohsm_self_test(void *device) {
    (void) device;
    return CALYPSOHSM_OK;
}

static int is_good(uint8_t length) {
    return length == 0 || length == 4 || length == 8;
}

int32_t calypsohsm_open_channel(void *device, int32_t key_group, const struct calypsohsm_state *state, uint32_t *channel,
                                uint8_t *atr) {
    static const uint8_t ATR[CALYPSOHSM_ATR_LENGTH] = {0x3B, 0x3F, 0x96, 0x00, 0x80, 0x5A, 0x00, 0x80, 0xC1, 0x08, 0x05, 0x00,
        0xC0, 0xFF, 0xEE, 0x01, 0x82, 0x90, 0x00};
    struct device *me = device;
    if (key_group != 0 && key_group != 3) {
        return CALYPSOHSM_UNKNOWN_KEY_GROUP;
    }
    if (!is_good(state->diversifier_length) || !is_good(state->outgoing_challenge_length)
            || !is_good(state->incoming_challenge_length)) {
        return CALYPSOHSM_STATE_REFUSED;
    }
    int32_t result = CALYPSOHSM_FULL;
    pthread_mutex_lock(&me->lock);
    for (uint32_t i = 0; i < CHANNELS && result != CALYPSOHSM_OK; i++) {
        if (!me->used[i]) {
            me->used[i] = 1;
            me->states[i] = *state;
            *channel = i;
            result = CALYPSOHSM_OK;
        }
    }
    pthread_mutex_unlock(&me->lock);
    memcpy(atr, ATR, sizeof ATR);
    return result;
}

static uint32_t status(uint8_t *response, uint32_t length, uint8_t high, uint8_t low) {
    response[length] = high;
    response[length + 1] = low;
    return length + 2;
}

int32_t calypsohsm_exchange(void *device, uint32_t channel, const uint8_t *command, uint32_t command_length, uint8_t *response,
                            uint32_t *response_length) {
    struct device *me = device;
    struct calypsohsm_state *state = &me->states[channel];
    if (strcmp(me->which, "garbage") == 0) {
        *response_length = 0xFFFFFFF0;
        return CALYPSOHSM_OK;
    }
    if (command_length == 5 && command[0] == 0x80 && command[1] == 0x84 && (command[4] == 4 || command[4] == 8)) {
        pthread_mutex_lock(&me->lock);
        uint32_t count = ++me->counter;
        pthread_mutex_unlock(&me->lock);
        memset(state->outgoing_challenge, 0, 8);
        memcpy(state->outgoing_challenge, &count, sizeof count);
        state->outgoing_challenge_length = command[4];
        memcpy(response, state->outgoing_challenge, command[4]);
        *response_length = status(response, command[4], 0x90, 0);
    } else if (command_length == 13 && command[0] == 0x80 && command[4] == 8 && command[1] == 0x14) {
        memcpy(state->diversifier, command + 5, 8);
        state->diversifier_length = 8;
        *response_length = status(response, 0, 0x90, 0);
    } else if (command_length == 13 && command[0] == 0x80 && command[4] == 8 && command[1] == 0x86) {
        memcpy(state->incoming_challenge, command + 5, 8);
        state->incoming_challenge_length = 8;
        *response_length = status(response, 0, 0x90, 0);
    } else {
        *response_length = status(response, 0, 0x6D, 0);
    }
    return CALYPSOHSM_OK;
}

int32_t calypsohsm_channel_state(void *device, uint32_t channel, struct calypsohsm_state *state) {
    *state = ((struct device *) device)->states[channel];
    return CALYPSOHSM_OK;
}

int32_t calypsohsm_close_channel(void *device, uint32_t channel) {
    struct device *me = device;
    pthread_mutex_lock(&me->lock);
    me->used[channel] = 0;
    pthread_mutex_unlock(&me->lock);
    return CALYPSOHSM_OK;
}
