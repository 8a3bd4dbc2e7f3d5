package org.calypsohsm.keystore.admin;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.Collection;
import java.util.Set;

import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.cms.CMSAlgorithm;
import org.bouncycastle.cms.CMSAuthEnvelopedData;
import org.bouncycastle.cms.CMSAuthEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.DefaultSignedAttributeTableGenerator;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.JceKeyAgreeAuthEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipientInfoGenerator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.OutputAEADEncryptor;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/**
 * The CMS message of a transfer: SignedData (RFC 5652) by the source around AuthEnvelopedData (RFC 5083) for the target, with
 * AES-256-GCM under a key agreed by ephemeral-static ECDH on P-256 (RFC 5753). A signed attribute names the target.
 */
final class TransferMessage {

    /** A message cannot be taken; the message says why, as the rest of a sentence. */
    static final class BadMessageException extends Exception {

        private static final long serialVersionUID = 1L;

        BadMessageException(String reason, Throwable cause) {
            super(reason, cause);
        }
    }

    /** Signed attribute: OCTET STRING, SHA-256 of the certificate of the target. Under 2.25 each UUID is an OID of its own. */
    static final ASN1ObjectIdentifier TARGET = new ASN1ObjectIdentifier("2.25.78340177941011719245588571873949452834");

    private static final String CHANGED = "the message is no transfer of keys, or was changed";
    private static final int TAG = 16;

    private TransferMessage() {
    }

    /** @return the message, DER */
    static byte[] seal(byte[] content, StoreIdentity source, X509Certificate target)
            throws GeneralSecurityException, OperatorCreationException, CMSException, IOException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", StoreIdentity.PROVIDER);
        generator.initialize(new ECGenParameterSpec(StoreIdentity.CURVE));
        KeyPair ephemeral = generator.generateKeyPair();
        CMSAuthEnvelopedDataGenerator envelope = new CMSAuthEnvelopedDataGenerator();
        envelope.addRecipientInfoGenerator(new JceKeyAgreeRecipientInfoGenerator(CMSAlgorithm.ECDH_SHA256KDF, ephemeral.getPrivate(),
                ephemeral.getPublic(), CMSAlgorithm.AES256_WRAP).addRecipient(target).setProvider(StoreIdentity.PROVIDER));
        OutputAEADEncryptor gcm = (OutputAEADEncryptor) new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_GCM)
                .setProvider(StoreIdentity.PROVIDER).build();
        byte[] enveloped = envelope.generate(new CMSProcessableByteArray(content), gcm).getEncoded();

        ASN1EncodableVector attributes = new ASN1EncodableVector();
        attributes.add(new Attribute(TARGET, new DERSet(new DEROctetString(StoreIdentity.fingerprint(target)))));
        CMSSignedDataGenerator signed = new CMSSignedDataGenerator();
        signed.addSignerInfoGenerator(new JcaSignerInfoGeneratorBuilder(
                new JcaDigestCalculatorProviderBuilder().setProvider(StoreIdentity.PROVIDER).build())
                .setSignedAttributeGenerator(new DefaultSignedAttributeTableGenerator(new AttributeTable(attributes)))
                .build(new JcaContentSignerBuilder(StoreIdentity.SIGNATURE).setProvider(StoreIdentity.PROVIDER).build(source.key()),
                        source.certificate()));
        return signed.generate(new CMSProcessableByteArray(CMSObjectIdentifiers.authEnvelopedData, enveloped), true).getEncoded("DER");
    }

    /**
     * Checks a message, and opens it.
     *
     * @param target identity of this store; null if it has none yet, so that the message cannot be for it
     * @return the content; the caller overwrites it
     */
    static byte[] open(byte[] message, StoreIdentity target, X509Certificate source) throws BadMessageException {
        try {
            CMSSignedData signed = new CMSSignedData(message);
            Collection<SignerInformation> signers = signed.getSignerInfos().getSigners();
            SignerInformation signer = signers.iterator().next();
            if (signers.size() != 1 || signed.getSignedContent() == null
                    || !CMSObjectIdentifiers.authEnvelopedData.getId().equals(signed.getSignedContentTypeOID())) {
                throw new BadMessageException(CHANGED, null);
            }
            if (!signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider(StoreIdentity.PROVIDER).build(source))) {
                throw new BadMessageException("the message is not signed by the store of the certificate given, or was changed", null);
            }
            requireTarget(signer, target);
            return decrypt((byte[]) signed.getSignedContent().getContent(), target);
        } catch (CMSException e) {
            throw new BadMessageException("the message is not signed by the store of the certificate given, or was changed", e);
        } catch (GeneralSecurityException | OperatorCreationException | RuntimeException e) {
            // Parsers of Bouncy Castle throw all kinds of these for what somebody made up.
            throw new BadMessageException(CHANGED, e);
        }
    }

    private static void requireTarget(SignerInformation signer, StoreIdentity target)
            throws BadMessageException, GeneralSecurityException {
        AttributeTable attributes = signer.getSignedAttributes();
        Attribute named = attributes == null ? null : attributes.get(TARGET);
        if (named == null || named.getAttrValues().size() != 1) {
            throw new BadMessageException(CHANGED, null);
        }
        byte[] fingerprint = ASN1OctetString.getInstance(named.getAttrValues().getObjectAt(0)).getOctets();
        if (target == null || !MessageDigest.isEqual(fingerprint, StoreIdentity.fingerprint(target.certificate()))) {
            throw new BadMessageException("the message is sealed for another store", null);
        }
    }

    private static byte[] decrypt(byte[] enveloped, StoreIdentity target) throws CMSException, BadMessageException {
        Collection<RecipientInformation> recipients = new CMSAuthEnvelopedData(enveloped).getRecipientInfos().getRecipients();
        if (recipients.size() != 1) {
            throw new BadMessageException(CHANGED, null);
        }
        JceKeyAgreeAuthEnvelopedRecipient recipient = new JceKeyAgreeAuthEnvelopedRecipient(target.key());
        recipient.setProvider(StoreIdentity.PROVIDER);
        recipient.setAllowedContentAlgorithms(Set.of(CMSAlgorithm.AES256_GCM));
        recipient.setMinimumTagSize(TAG);
        return recipients.iterator().next().getContent(recipient);
    }

}
