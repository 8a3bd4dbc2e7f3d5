package org.calypsohsm.libs3.supply;

import org.calypsohsm.channel.ChannelManager;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Hands the channel manager of a container to the library. */
@Component(immediate = true, service = {}, configurationPid = LibS3.PID)
@Designate(ocd = LibS3.Config.class)
public final class LibS3 {

    /** Configuration of the library. */
    @ObjectClassDefinition(name = "Lib-S3")
    public @interface Config {

        /** @return how long Initialize waits for a channel manager with a module that serves, in milliseconds */
        @AttributeDefinition(description = "How long Initialize waits for a module that serves, in milliseconds")
        long initializeMillis() default Supply.DEFAULT_INITIALIZE_MILLIS;

        /** @return after how long without an exchange a channel is taken back, in milliseconds; 0 never */
        @AttributeDefinition(description = "After how long without an exchange a channel is taken back, in milliseconds; 0 never")
        long idleTimeoutMillis() default 0;
    }

    static final String PID = "org.calypsohsm.libs3";

    private final Lease lease;

    /**
     * Tells the library that it is in a container.
     *
     * @param config its configuration
     */
    @Activate
    public LibS3(Config config) {
        lease = Supply.inContainer(config);
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void bindManager(ChannelManager manager) {
        lease.come(manager);
    }

    void unbindManager(ChannelManager manager) {
        lease.go(manager);
    }
}
