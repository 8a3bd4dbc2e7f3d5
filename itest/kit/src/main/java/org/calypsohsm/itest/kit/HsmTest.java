package org.calypsohsm.itest.kit;

import org.calypsohsm.itest.kit.fault.Faults;
import org.junit.Before;
import org.junit.Rule;
import org.junit.rules.TestRule;
import org.junit.runner.Description;
import org.junit.runner.RunWith;
import org.junit.runners.model.Statement;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.osgi.framework.FrameworkUtil;

/**
 * The base of a test in the container: {@code public class SaleIT extends HsmTest} is all the set-up there is.
 * Each class gets a container of its own with the whole distribution; each test begins when all of it is there, and the
 * faults that it injected are gone when it ends.
 */
@RunWith(PaxExam.class)
public abstract class HsmTest {

    /** Takes the faults of a test back, after the methods marked with {@code After}. */
    @Rule
    public final TestRule faultsEnd = HsmTest::endingFaults;

    private Hsm hsm;

    /** For subclasses. */
    protected HsmTest() {
    }

    /**
     * Chooses the container; called outside of it. A subclass that overrides it begins with {@link HsmOptions#distribution()}.
     *
     * @return the container
     */
    protected HsmOptions options() {
        return HsmOptions.distribution();
    }

    /**
     * Called by Pax Exam.
     *
     * @return the container
     */
    @Configuration
    public final Option[] container() {
        return options().toOptions();
    }

    /**
     * Waits, before each test, until the platform is ready. A test of a platform that never becomes ready overrides it, to wait
     * for less.
     */
    @Before
    public void awaitPlatform() {
        hsm().awaitReady();
    }

    /** @return the platform, as it is seen inside the container */
    protected final Hsm hsm() {
        if (hsm == null) {
            hsm = new Hsm(FrameworkUtil.getBundle(getClass()).getBundleContext());
        }
        return hsm;
    }

    /**
     * Gives the faults that a test can inject.
     *
     * @return the faults
     * @throws IllegalStateException if the container was made without
     */
    protected final Faults faults() {
        return hsm().faults();
    }

    private static Statement endingFaults(Statement test, Description description) {
        return new Statement() {
            @Override
            public void evaluate() throws Throwable {
                try {
                    test.evaluate();
                } finally {
                    Faults.endAll();
                }
            }
        };
    }
}
