package org.calypsohsm.gateway;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

import javax.security.auth.x500.X500Principal;

import io.github.bucket4j.Bucket;
import org.osgi.framework.Constants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** A client as it is configured: how it is known, what it may do, and how much of it. */
@Component(service = ClientAccount.class, configurationPid = ClientAccount.PID, configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = ClientAccount.Config.class, factory = true)
public final class ClientAccount {

    /** Configuration of one client. */
    @ObjectClassDefinition(name = "Gateway client")
    public @interface Config {

        /** @return its name; if empty, what follows ~ in the PID */
        @AttributeDefinition(description = "Its name; if empty, what follows ~ in the PID")
        String name() default "";

        /** @return SHA-256 of its certificate, 64 hexadecimal digits, colons allowed */
        @AttributeDefinition(description = "SHA-256 of its certificate, 64 hexadecimal digits, colons allowed")
        String certificate() default "";

        /** @return in place of it, the subject of any certificate of the trusted authority */
        @AttributeDefinition(description = "In place of it, the subject of any certificate of the trusted authority")
        String subject() default "";

        /** @return its roles */
        @AttributeDefinition(description = "ADMINISTRATOR, OPERATOR, SUPERVISOR, AUDITOR, METRICS, CLIENT")
        String[] roles() default {};

        /** @return key groups that it may open channels for */
        @AttributeDefinition(description = "Key groups that it may open channels for")
        int[] keyGroups() default {};

        /** @return REST requests and connections a second */
        @AttributeDefinition(description = "REST requests and connections a second; 0 for no limit")
        int requestsPerSecond() default 100;

        /** @return exchanges a second */
        @AttributeDefinition(description = "Exchanges a second; 0 for no limit")
        int exchangesPerSecond() default 0;

        /** @return channels open at once */
        @AttributeDefinition(description = "Channels open at once; 0 for no limit")
        int channels() default 0;
    }

    static final String PID = "org.calypsohsm.gateway.client";

    /** As the key administration takes it. */
    private static final String NAME = "[A-Za-z0-9._-]{1,64}";
    private static final String DIGEST = "[0-9a-f]{64}";

    private final String name;
    private final String certificate;
    private final X500Principal subject;
    private final Set<Role> roles;
    private final Set<Integer> keyGroups;
    private final int exchangesPerSecond;
    private final int mostChannels;
    private final Bucket requests;
    private final Bucket exchanges;
    private final AtomicInteger channels = new AtomicInteger();

    /**
     * Makes the account.
     *
     * @param config     its configuration
     * @param properties the same with the PID
     * @throws IllegalArgumentException if the configuration is wrong; the message says what
     */
    @Activate
    public ClientAccount(Config config, Map<String, Object> properties) {
        String pid = String.valueOf(properties.get(Constants.SERVICE_PID));
        name = config.name().isEmpty() ? pid.substring(pid.indexOf('~') + 1) : config.name();
        check(name.matches(NAME), "its name has 1 to 64 letters, digits, dots, dashes or underscores");
        certificate = config.certificate().replace(":", "").toLowerCase(Locale.ROOT);
        check(certificate.isEmpty() || certificate.matches(DIGEST), "certificate is a SHA-256 of 64 hexadecimal digits");
        check(certificate.isEmpty() != config.subject().isEmpty(),
                "it is known by either certificate (SHA-256) or subject (distinguished name): set one of them");
        subject = config.subject().isEmpty() ? null : principal(config.subject());
        roles = roles(config.roles());
        keyGroups = Arrays.stream(config.keyGroups()).boxed().collect(Collectors.toUnmodifiableSet());
        exchangesPerSecond = limit("exchangesPerSecond", config.exchangesPerSecond());
        mostChannels = limit("channels", config.channels());
        requests = bucket(limit("requestsPerSecond", config.requestsPerSecond()));
        exchanges = bucket(exchangesPerSecond);
    }

    private Set<Role> roles(String[] names) {
        check(names.length > 0, "it has no roles; give it some of " + Arrays.toString(Role.values()));
        Set<Role> set = EnumSet.noneOf(Role.class);
        for (String one : names) {
            try {
                set.add(Role.valueOf(one));
            } catch (IllegalArgumentException e) {
                check(false, "there is no role " + one + ", only " + Arrays.toString(Role.values()));
            }
        }
        return Collections.unmodifiableSet(set);
    }

    private X500Principal principal(String text) {
        try {
            return new X500Principal(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(wrong("subject is no distinguished name: " + text), e);
        }
    }

    private int limit(String what, int number) {
        check(number >= 0, what + " is at least 0, not " + number);
        return number;
    }

    private void check(boolean right, String mistake) {
        if (!right) {
            throw new IllegalArgumentException(wrong(mistake));
        }
    }

    private String wrong(String mistake) {
        return "Gateway client " + name + ": " + mistake + "; correct " + PID + ".";
    }

    private static Bucket bucket(int perSecond) {
        return perSecond == 0 ? null
                : Bucket.builder().addLimit(limit -> limit.capacity(perSecond).refillGreedy(perSecond, Duration.ofSeconds(1))).build();
    }

    String name() {
        return name;
    }

    Set<Role> roles() {
        return roles;
    }

    boolean is(Role role) {
        return roles.contains(role);
    }

    Set<Integer> keyGroups() {
        return keyGroups;
    }

    /**
     * Tells whether a certificate is this client's.
     *
     * @param shown  a certificate of the trusted authority
     * @param digest its SHA-256, in lower case
     */
    boolean isKnownBy(X509Certificate shown, String digest) {
        return subject == null ? certificate.equals(digest) : subject.equals(shown.getSubjectX500Principal());
    }

    static String digest(X509Certificate certificate) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("The certificate of a client cannot be hashed.", e);
        }
    }

    /** Counts a request; false if the client makes too many. */
    boolean mayRequest() {
        return requests == null || requests.tryConsume(1);
    }

    /** Counts exchanges; false if the client makes too many, and none is counted then. */
    boolean mayExchange(int number) {
        return exchanges == null || exchanges.tryConsume(number);
    }

    /** @return its limit of exchanges, in words */
    String exchangeLimit() {
        return "client " + name + " may make " + exchangesPerSecond + " exchanges a second";
    }

    /** Counts a channel that opens; false if there are too many, and it is not counted then. */
    boolean takeChannel() {
        if (channels.incrementAndGet() > mostChannels && mostChannels > 0) {
            channels.decrementAndGet();
            return false;
        }
        return true;
    }

    /** Counts a channel that has ended. */
    void giveChannel() {
        channels.decrementAndGet();
    }

    /** @return its limit of channels, in words */
    String channelLimit() {
        return "client " + name + " may have " + mostChannels + " channels open at once";
    }

    @Override
    public String toString() {
        return name + " " + roles + " for key groups " + keyGroups;
    }
}
