package org.calypsohsm.shell;

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
