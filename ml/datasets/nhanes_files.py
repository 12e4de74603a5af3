"""The NHANES 2011-2012 transport files at their public address, with their digests.

Digests are of the files as the National Center for Health Statistics published them (the same in
every public copy that was compared).
"""

from ml.datasets.dataset import Download

ADDRESS = "https://wwwn.cdc.gov/Nchs/Data/Nhanes/Public/2011/DataFiles"
SHA256 = {
    "ALB_CR_G": "46c5733d0bdb1d4bbe841614a3e6ef6b9dab8501f455af4f841cc43a312e579d",
    "BIOPRO_G": "8c3a0b1bea79ff79c5600ad6a76c4206a7d689479f94ae81da6360058eda5d05",
    "BMX_G": "4814bfc3047ed400b9d43d285f8c3ea7c940ac6489404a9b699579715d158ec3",
    "BPQ_G": "39c5a0ee1d76e6f3df867c0057986a21f4a028038002c43214c5af8bdec83cae",
    "BPX_G": "1dd66110f41465d601cd54f1e3c6010baafb9375f09fbcaa3aef2536876146fd",
    "CBC_G": "f5fd08c8f7564d73429579620f3dab4aec48cfdb0a908e450c0ea849d80589c0",
    "CDQ_G": "0e59835df373ea77ea50287013dc428a779427d8aa4d3ddddef6d85d34d8d4ed",
    "COTNAL_G": "5b723826768e33565f35fc8422ebdf5640ee286373f359701ef8489ec0f372ef",
    "DEMO_G": "eaf0525d1952626885af3e935415a1f66ad62c18698080e7354789c125af252d",
    "DIQ_G": "a9d5475e0cd66d6a7bc30230345ed0172a9abcbc0a7a4145a35025c827a52a87",
    "GHB_G": "8ff7cc95461fdfd47d2c9640b944a2bcd45926a3c0e64c98a09a4cef6c0f88d7",
    "GLU_G": "e9c3816dbdfc21cd53a23d63c3610d2550662ee41a21df0a5b72c4a16cd1a8fd",
    "HDL_G": "ffc060d394cc487f3206462fdfc77648bdbdd6e279bfc5dd8e9cbba3ccdcac4f",
    "HIQ_G": "074351daf2979b949c72636f767fa4f9578ceaaee10fe6eb877462229f25d009",
    "HSQ_G": "1f37f1c2c24a7498806713500d7f197e3166040ed78d08619c1e858d751aadf3",
    "HUQ_G": "b9ef438747fdc746185a2eb0bec9e63e36212efdc774f2c8bec7f680a60ee924",
    "INQ_G": "9fcc77fe0ee97757bba7cb7b20d2a88388d22454217bd92804e4b04b194134f3",
    "KIQ_U_G": "eb9b52d4071ee1d16c8c4a4ecd125e8a5e8fae72a889703ecd51160d8960dde9",
    "OCQ_G": "be42b1e17614626149d27fb15477c7b7936589eb8b337d95b2beba658ac4524e",
    "SMQ_G": "69f2375f036a815082b1e97110e79c505b91e0985c61696f8eaacf94828115dc",
    "TCHOL_G": "08682d7bcee71c1a5c5d977ebfe5f55eda43354a4ff76b07c3fbb487075e0731",
    "TRIGLY_G": "4b7f9c73f5169f8bb582823d00a8e488d6985ea9d8784f85ee63ff60179589a0",
}
DOWNLOADS = tuple(
    Download(f"{ADDRESS}/{name}.xpt", f"{name}.XPT", f"sha256:{digest}")
    for name, digest in SHA256.items()
)
