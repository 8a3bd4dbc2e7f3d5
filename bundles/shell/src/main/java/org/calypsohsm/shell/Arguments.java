package org.calypsohsm.shell;

import java.util.HexFormat;

/**
 * What is left of a command line when Gogo has taken the options. Gogo hands over an option that it does not know as an
 * argument, or complains of a method that it cannot call: so the commands take all arguments there are, and check them here.
 */
final class Arguments {

    private Arguments() {
    }

    /**
     * Checks that nothing is left.
     *
     * @param command   name of the command
     * @param arguments what is left
     */
    static void none(String command, String[] arguments) throws CommandException {
        refuseOptions(command, arguments);
        if (arguments.length > 0) {
            throw wrongUse(command, "takes no argument, and there is " + arguments[0]);
        }
    }

    /**
     * Checks that one argument is left.
     *
     * @param command   name of the command
     * @param what      what the argument is, as in {@code "the name of a module"}
     * @param arguments what is left
     * @return the argument
     */
    static String one(String command, String what, String[] arguments) throws CommandException {
        refuseOptions(command, arguments);
        if (arguments.length != 1) {
            throw wrongUse(command, "takes one argument, " + what + ", and there are " + arguments.length);
        }
        return arguments[0];
    }

    /**
     * Reads a number.
     *
     * @param command name of the command
     * @param what    what the number is
     * @param text    the argument
     * @param least   the least that it can be
     * @return the number
     */
    static int number(String command, String what, String text, int least) throws CommandException {
        try {
            int number = Integer.parseInt(text);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw wrongUse(command, "takes " + what + ", " + least + " or more, and there is " + text);
    }

    /**
     * Checks how many arguments are left.
     *
     * @param command   name of the command
     * @param what      what they are, as in {@code "a key group and a record"}
     * @param count     how many
     * @param arguments what is left
     * @return the arguments
     */
    static String[] exactly(String command, String what, int count, String[] arguments) throws CommandException {
        refuseOptions(command, arguments);
        if (arguments.length != count) {
            throw wrongUse(command, "takes " + what + ", which are " + count + " arguments, and there are " + arguments.length);
        }
        return arguments;
    }

    /**
     * Reads bytes.
     *
     * @param command name of the command
     * @param what    what they are
     * @param text    two hexadecimal digits for each byte
     * @param length  how many bytes
     * @return the bytes
     */
    static byte[] bytes(String command, String what, String text, int length) throws CommandException {
        try {
            byte[] bytes = HexFormat.of().parseHex(text);
            if (bytes.length == length) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw wrongUse(command, "takes " + what + ", " + 2 * length + " hexadecimal digits, and there is " + text);
    }

    /**
     * Reads a byte.
     *
     * @param command name of the command
     * @param what    what it is
     * @param text    two hexadecimal digits
     * @return 0..FF
     */
    static int octet(String command, String what, String text) throws CommandException {
        return bytes(command, what, text, 1)[0] & 0xFF;
    }

    private static void refuseOptions(String command, String[] arguments) throws CommandException {
        for (String argument : arguments) {
            if (argument.startsWith("-")) {
                throw wrongUse(command, "has no option " + argument);
            }
        }
    }

    private static CommandException wrongUse(String command, String mistake) {
        return new CommandException("hsm:" + command + " " + mistake + ". Try: help hsm:" + command);
    }
}
