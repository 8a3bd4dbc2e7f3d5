package org.calypsohsm.itest.platform;

import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;

/** The flows on keys in memory. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class CardFlowsIT extends CardFlows {

    @Configuration
    public Option[] configuration() {
        return PlatformOptions.distribution();
    }
}
