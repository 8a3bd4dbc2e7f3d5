package org.calypsohsm.itest.kit.fault;

import java.time.Duration;
import java.util.Random;
import java.util.function.Predicate;

/**
 * Faults of the exchanges with a module. First come the conditions, then the fault, which is there from that moment on:
 * {@code faults.on("main").when(ins(0x8A)).times(1).loseAnswer()}. Several faults add up in the order in which they came.
 */
public class ExchangeFaults {

    final ModuleControl control;
    private final Trigger trigger;

    ExchangeFaults(ModuleControl control, Trigger trigger) {
        this.control = control;
        this.trigger = trigger;
    }

    /**
     * Only for some commands.
     *
     * @param command which, as in {@link Commands#ins(int...)}
     * @return the faults with this condition
     */
    public ExchangeFaults when(Predicate<byte[]> command) {
        return new ExchangeFaults(control, trigger.when(command));
    }

    /**
     * Only after some commands have passed.
     *
     * @param count how many of those that the fault is for
     * @return the faults with this condition
     */
    public ExchangeFaults after(int count) {
        return new ExchangeFaults(control, trigger.after(count));
    }

    /**
     * Only so often; without it there is no limit.
     *
     * @param count how often, 1 or more
     * @return the faults with this condition
     */
    public ExchangeFaults times(int count) {
        return new ExchangeFaults(control, trigger.times(count));
    }

    /**
     * Only at each so-many-th command.
     *
     * @param count 2 for every other command
     * @return the faults with this condition
     */
    public ExchangeFaults every(int count) {
        return new ExchangeFaults(control, trigger.every(count));
    }

    /**
     * Latency: the command reaches the module later.
     *
     * @param latency how much later
     * @return the fault
     */
    public Fault delay(Duration latency) {
        return delay(latency, latency, 0);
    }

    /**
     * Latency that varies, evenly distributed.
     *
     * @param least at least so much later
     * @param most  at most so much later
     * @param seed  the same seed gives the same latencies
     * @return the fault
     */
    public Fault delay(Duration least, Duration most, long seed) {
        Random random = new Random(seed);
        long spread = most.toNanos() - least.toNanos() + 1;
        if (least.isNegative() || spread < 1) {
            throw new IllegalArgumentException("A latency goes from 0 or more up to as much or more, not from " + least
                    + " to " + most + ".");
        }
        return control.arm("delay", trigger, (fault, channel, command, next) -> {
            if (!fault.hold(least.toNanos() + random.nextLong(spread))) {
                throw channel.failed("interrupted in an exchange");
            }
            return next.with(command);
        });
    }

    /** The command is lost on its way: the SAM never sees it. @return the fault */
    public Fault loseCommand() {
        return control.arm("loseCommand", trigger, (fault, channel, command, next) -> {
            throw channel.failed("the command was lost on its way to the SAM");
        });
    }

    /** The answer is lost on its way: the SAM has carried the command out. @return the fault */
    public Fault loseAnswer() {
        return control.arm("loseAnswer", trigger, (fault, channel, command, next) -> {
            next.with(command);
            throw channel.failed("the answer was lost on its way from the SAM");
        });
    }

    /** The virtual SAM loses its power: it has forgotten its session, and its channel answers no more. @return the fault */
    public Fault loseChannel() {
        return control.arm("loseChannel", trigger, (fault, channel, command, next) -> {
            channel.lose();
            throw channel.failed("the channel is lost");
        });
    }

    /** The module does not answer until the fault ends; then the SAM carries the command out. @return the fault */
    public Fault mute() {
        return control.arm("mute", trigger, (fault, channel, command, next) -> {
            if (!fault.hold()) {
                throw channel.failed("interrupted in an exchange");
            }
            return next.with(command);
        });
    }

    /**
     * The module answers this; the SAM never sees the command.
     *
     * @param response any bytes, also none or null
     * @return the fault
     */
    public Fault answer(byte... response) {
        byte[] kept = response == null ? null : response.clone();
        return control.arm("answer", trigger, (fault, channel, command, next) -> kept == null ? null : kept.clone());
    }

    /**
     * The data of the module's answer is spoiled; its length and its status word stay.
     *
     * @param seed the same seed spoils in the same way
     * @return the fault
     */
    public Fault spoilAnswer(long seed) {
        Random random = new Random(seed);
        return control.arm("spoilAnswer", trigger, (fault, channel, command, next) -> {
            byte[] response = next.with(command);
            for (int i = 0; i < response.length - 2; i++) {
                response[i] ^= (byte) (1 + random.nextInt(0xFF));
            }
            return response;
        });
    }

    /**
     * The provider throws what it should not.
     *
     * @param exception what it throws
     * @return the fault
     */
    public Fault raise(RuntimeException exception) {
        return control.arm("raise", trigger, (fault, channel, command, next) -> {
            throw exception;
        });
    }

    /**
     * The provider throws what it should not.
     *
     * @param error what it throws
     * @return the fault
     */
    public Fault raise(Error error) {
        return control.arm("raise", trigger, (fault, channel, command, next) -> {
            throw error;
        });
    }
}
