package org.calypsohsm.benchmark;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

import com.sun.management.OperatingSystemMXBean;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

import org.calypsohsm.certificates.Credentials;

/**
 * The bound of the gateway: a message there and one back over TLS 1.3 on this machine, with blocking sockets and nothing else, as
 * long as those of an exchange.
 */
final class BareTls {

    /** A WebSocket message with one frame and a short command, and the answer to it. */
    private static final int LENGTH = 64;
    private static final int WARM_UP = 20_000;
    private static final int MEASURED = 20_000;
    private static final double NANOS_PER_MICRO = 1e3;

    private BareTls() {
    }

    /** @return processor time of one turn, both sides together, in microseconds */
    static double microsPerTurn(Credentials server, KeyStore trusted) throws IOException, GeneralSecurityException {
        SSLContext context = context(server, trusted);
        try (SSLServerSocket listening = (SSLServerSocket) context.getServerSocketFactory()
                .createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> echo = CompletableFuture.runAsync(() -> echo(listening));
            try (SSLSocket socket = (SSLSocket) context.getSocketFactory()
                    .createSocket(InetAddress.getLoopbackAddress(), listening.getLocalPort())) {
                socket.setTcpNoDelay(true);
                turns(socket, WARM_UP);
                OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
                long before = system.getProcessCpuTime();
                turns(socket, MEASURED);
                return (system.getProcessCpuTime() - before) / NANOS_PER_MICRO / MEASURED;
            } finally {
                echo.join();
            }
        }
    }

    private static SSLContext context(Credentials server, KeyStore trusted) throws IOException, GeneralSecurityException {
        char[] password = server.password().toCharArray();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(server.keyStore())) {
            keys.load(in, password);
        }
        KeyManagerFactory mine = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        mine.init(keys, password);
        TrustManagerFactory theirs = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        theirs.init(trusted);
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(mine.getKeyManagers(), theirs.getTrustManagers(), null);
        return context;
    }

    private static void turns(SSLSocket socket, int number) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        OutputStream out = socket.getOutputStream();
        byte[] message = new byte[LENGTH];
        for (int turn = 0; turn < number; turn++) {
            out.write(message);
            in.readFully(message);
        }
    }

    private static void echo(SSLServerSocket listening) {
        try (SSLSocket socket = (SSLSocket) listening.accept()) {
            socket.setTcpNoDelay(true);
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            byte[] message = new byte[LENGTH];
            for (int length = in.readNBytes(message, 0, LENGTH); length == LENGTH; length = in.readNBytes(message, 0, LENGTH)) {
                out.write(message);
            }
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }
}
