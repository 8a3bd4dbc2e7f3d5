package org.calypsohsm.profile;

import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * Known answers of the reference profiles, for their power-up check: for each profile one vector of each kind from
 * security-profile-vectors.json. The keys are random and used nowhere else.
 */
final class KnownAnswers {

    private static final String DESX_CBC = """
            key CFB0F444D1FD4A32559771848FDF5C2B
            diversifier 0F6D72BC6CD2DE00
            samChallenge F11475B4
            digestInit F6173D0B79
            digestUpdates D48D928EFD50CC510E71
            terminalCertificate 3E43DAE2
            cardCertificate 4BC829AC
            cardChallenge 62D61E7FCDA282FE
            pin D4F640E5
            newPin 25061F4E
            verifyCryptogram 187AD59E0D8D0986
            changeCryptogram 20E836C0D0F0619A967E27D3043ADEBF
            sourceKey 4377E5B624ECB6361D3684EF7716F28D
            sourceKif 49
            sourceKvc E6
            cardKeyCryptogram 39B8A9E828B865274C7B4784D1F2A7F01E3C5F7C3A6BDEA5B06D545DF48D5569
            svPrepareData 5E26BB0BA7AEF37FD4A22BBDCC62B386243FD410104BB2F73A53BFBC30B5D2C46D9923370E9C14849ED179\
            BA56EC2E6ADCEF77E7
            svChallenge 0C1527
            svTransactionNumber EB8C05
            samSerialNumber 55FE0C23
            terminalSvMac E681EF9353
            cardSvMac 25EDC5
            data F8FD826C4B284A1B6940BA95373425E55B2EA0BAA41ABD982BEAE077D67A9D38A9E51EA564429ECC0218C50E8647447\
            6
            signature E5F52E2373F2C7E6
            """;

    private static final String TDES_RETAIL = """
            key 42DF63F9E39100A7EF3DD62123D41131
            diversifier 1B02975F070DC5B8
            samChallenge AA0550CD
            digestInit 1EEF8BAC594B69E6
            digestUpdates B10A1A2FB93AA3FA63EDEA6588E083B7253E67DC24879BFA79125B61
            terminalCertificate 0AA1A975
            cardCertificate CBDAFCA4
            cardChallenge 92D35449C4C8EE13
            pin 445C1B5A
            newPin 5EF4EA1F
            verifyCryptogram A34882B00EE61EE3
            changeCryptogram 0B399561F1675885E9EEE66ADDE6BE43
            sourceKey C2684B2B77EB483C5A5DD018B5DDE37B
            sourceKif 8D
            sourceKvc 93
            cardKeyCryptogram 67E5C33D2C37D827C2E734D4347A4E53F811470AD870275F532B80FDF7927B64
            svPrepareData B038396C4E815BF7B6C7DA39543493E3897E77AB071C69A0EACABD91D7336BA42DAF1AC9FCA82FF5335841\
            C3EB619A40776B1FB2
            svChallenge 0B2B78
            svTransactionNumber 0F7EF9
            samSerialNumber 6B0B8F82
            terminalSvMac D67E24FA89
            cardSvMac 3B7253
            data 89352CC21DBE6BC76C7B2FC37D83BE7B
            signature B08D6250BA98F6A5
            targetSerialNumber 070DC5B8
            targetChallenge 99F29290DF362A13
            record B3DBA055B0D96566C1BA27C5C025D18A6B28B7FC7DF55C9CBA118A3E59
            p2 F0
            transferCryptogram 572485389E7DB63F1AAF073E6D5E2BAF0C33E4A72C495935B309FF7A91A1F83235971ECD67CCCF1E2\
            C0BA7D9F82398B6
            signedPart 122BC4D199870CDC861CB098EFCB5733B4B066F57FDEB576C8E481AD40A0070DC5B8FAFF40800000
            readSignature 3DE4B01DACA11C8D
            """;

    private static final String TDES_CBC = """
            key 8626C187785767A51158197AE3500A6E
            diversifier A4ACA452C9EF2D73
            samChallenge 08FA8166
            digestInit 026E331412
            digestUpdates 18578BA7AFA0A0A75206,B4BAB13405C25EE6,0BA979,9AEAFDAC1B44FC64E46B6B,85E33255B9F6B1F8F6\
            79B801F36740A04337784C1CAE1AD5BE00EC6001086224CBDA55C1033D618CF295B291F4493B
            terminalCertificate 5EFF1C44
            cardCertificate 9B46D0ED
            cardChallenge DFD351181005ADAB
            pin F7B78D0B
            newPin 37159D0C
            verifyCryptogram 95B7E0253504E780
            changeCryptogram 37D096C8AB04F094013D790F86A509A2
            sourceKey A47014A0CF98EC8C95615A2AF7720CD6
            sourceKif 74
            sourceKvc E4
            cardKeyCryptogram 34B6B053BBA2EEBC508346668514F0A2B40AD23962788DEF4F7A1A27EEDA47B3
            svPrepareData F6F9192CEDA400AB07C0AEC3F35D247DEEF78DF3A9818D2B0399ACFB60EAF63791724CD8756A5740B8E494\
            1B2DBAC21335858B1D
            svChallenge AF2DE1
            svTransactionNumber C3A0FB
            samSerialNumber D09AF17A
            terminalSvMac 0DCDB1FCC4
            cardSvMac BEB941
            data 5A35361A77542674DBB9C1EAFEC438355752B670034E52BA4A054CF1C8980A2DD686F667D40D3F371BBD1F04A5C14E0\
            A
            signature 7C9DB91FBEF33AC5
            targetSerialNumber C9EF2D73
            targetChallenge 0984BF4F38846909
            record 240A0D4D3E6274181ACF893043050BFC20AE01EA0D486DA75FC162B3F6
            p2 F0
            transferCryptogram 67E9C0138DAA1580DF5302BE8B1ABC6D07445437BDC80291B9DAF941C8420F89BAE1F3D2AEAE116B0\
            0317145CC352576
            signedPart 0A21789F1EE0C6BACCD724B89C7DB100AEAF2A041934D71AA805A1C877A0C9EF2D73FAFF40800000
            readSignature FFE75CFF55D545F2
            """;

    private static final String AES_CMAC = """
            key 87B9B4A98FA3E66431D0A6267B1FC256
            diversifier 8B7CA2921C06CDB7
            samChallenge 849759E6
            digestInit 185AC18A45
            digestUpdates 47ADA56E9155910CBF
            terminalCertificate C603485A
            cardCertificate 776B1098
            extended.samChallenge 028B8AF93C98CB0A
            extended.digestInit 49EDDEE3F16C5908DB756ADD6F63D380E1FD5B
            extended.digestUpdates 0D858CF659E17AF1DBF243C7EED0D080D309EBE623418C6B706A28339A1F,1AE8
            extended.midTerminalMac C61C9E48811BB200
            extended.midCardMac 49510CC8ED8B2E39
            extended.plainCommand 00DC013C1DFE9BADFDE6E0DDDA90EE70808A0556226F1C2C5F72923613075AEC9B4E
            extended.cipheredCommand 00DC013C1D9730877AE0B32C120AF0EC68B72C7D2E26EE11DE15E92A1C70ECE1D65F
            extended.cipheredResponse B4A0E87ECD2D66DD26B98E67D43BEF4E421EA3BCB530E79216B56A896F9000
            extended.plainResponse 5CE62B04A02FAE16FF9D4D8B085ACB92F32246FA65C593A1CBDE275F059000
            extended.terminalCertificate C9AD03CF5B1D4908
            extended.cardCertificate 972F3F3CBCE30291
            cardChallenge CA66A13C7492610D
            pin CE75191A
            newPin B1D2FE14
            verifyCryptogram 3F35EE2A22F59434
            changeCryptogram 878C0C2C39EE90B0CD2F75007E01929C
            sourceKey 46D6A7A1D05D2C7089C66C434D1A409C
            sourceKif 41
            sourceKvc AC
            cardKeyCryptogram D1E69E3D40EF7B91EB6DF00830FFC6DE27E49EACBFC051B26EE5086BDE8B4ADF
            svPrepareData A22299B1D4DF82CBDE465CACE706292E4C25612E6B6D701C68B9D3A4E01EA29DBDC55983ACBDB9505CA4B9\
            EFB34CE9D706A376229EDFA2B54E6B789C6980F0472DE491EC351D5532EAC94FA5700F94A1
            svChallenge 41BA2F
            svTransactionNumber D3556B
            samSerialNumber 28F6197B
            terminalSvMac BA637BE5329611129F22
            cardSvMac 754B315B682D
            data AE6F2F1B12FD8A73BE310482461FED27
            signature 1AF5262C38A3D46B
            targetSerialNumber 1C06CDB7
            targetChallenge D298AD25C0C1C72F
            record D67EBAC376CA740ACF39803C2A21EC25016C4DB741DD2740A2F5EEBC9D
            p2 F0
            transferCryptogram 99154689543D620529F0ED32C4344C71B99DF982589095018C68D2017C6C2B3EE765B632D5FAF4FD2\
            FFB50F0948EFE0E
            signedPart 6A2B1448325B12EE749AD6FA29F715544E693C5AD0F3CADD309F8839A8A01C06CDB7FAFF40800000
            readSignature E4551952B1A1F2DF
            """;

    private final Map<String, String> values;

    KnownAnswers(Map<String, String> values) {
        this.values = values;
    }

    static KnownAnswers of(ReferenceProfile profile) {
        return new KnownAnswers(parse(switch (profile) {
            case DESX_CBC -> DESX_CBC;
            case TDES_RETAIL -> TDES_RETAIL;
            case TDES_CBC -> TDES_CBC;
            case AES_CMAC -> AES_CMAC;
        }));
    }

    private static Map<String, String> parse(String lines) {
        Map<String, String> values = new HashMap<>();
        for (String line : lines.split("\n")) {
            int space = line.indexOf(' ');
            values.put(line.substring(0, space), line.substring(space + 1));
        }
        return values;
    }

    Map<String, String> values() {
        return values;
    }

    byte[] bytes(String name) {
        return HexFormat.of().parseHex(values.get(name));
    }

    /** One byte as a number, 0..FF. */
    int number(String name) {
        return bytes(name)[0] & 0xFF;
    }

    /** A list of byte strings. */
    byte[][] list(String name) {
        String[] items = values.get(name).split(",");
        byte[][] list = new byte[items.length][];
        for (int i = 0; i < items.length; i++) {
            list[i] = HexFormat.of().parseHex(items[i]);
        }
        return list;
    }
}
