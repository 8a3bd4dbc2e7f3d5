package org.calypsohsm.gateway;

import java.io.IOException;
import java.util.concurrent.CompletionStage;

/** Carries an operation out. */
@FunctionalInterface
interface Handler {

    /**
     * Carries it out, or begins to.
     *
     * @param call the request
     * @return completes with the answer, or with what {@link Errors#problem(Throwable)} knows
     * @throws IOException if the request cannot be read
     * @throws Problem     if it is not carried out
     */
    CompletionStage<Reply> handle(Call call) throws IOException, Problem;
}
